namespace Steering.Engine.Interventions;

/// <summary>Gram-Schmidt in double precision (docs/decisions.md 11: planes and subspaces are orthonormal, or rotations would not keep norms).</summary>
internal static class Orthonormal
{
    /// <summary>Below this norm a direction is an error, not a direction.</summary>
    public const double SmallestNorm = 1e-12;

    /// <summary>A row whose part at right angles to those before is smaller than this share of it is their combination, up to what f32 can tell.</summary>
    private const double SmallestShare = 1e-6;

    /// <summary>Index of the row that stopped it and why: it has no length, or depends on those before.</summary>
    internal readonly record struct Failure(int Row, bool IsZero);

    /// <param name="rows">Rows of equal length; replaced by orthonormal ones.</param>
    public static Failure? Make(double[][] rows)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            double[] row = rows[i];
            double length = Norm(row);
            if (length < SmallestNorm) return new Failure(i, true);
            Scale(row, 1 / length);
            // Twice is enough: the second pass removes what rounding left of the first.
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j++) Subtract(row, Dot(row, rows[j]), rows[j]);
                double rest = Norm(row);
                if (rest < SmallestShare) return new Failure(i, false);
                Scale(row, 1 / rest);
            }
        }
        return null;
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static double Norm(double[] a) => Math.Sqrt(Dot(a, a));

    private static void Scale(double[] a, double by)
    {
        for (int i = 0; i < a.Length; i++) a[i] *= by;
    }

    private static void Subtract(double[] a, double times, double[] b)
    {
        for (int i = 0; i < a.Length; i++) a[i] -= times * b[i];
    }
}
