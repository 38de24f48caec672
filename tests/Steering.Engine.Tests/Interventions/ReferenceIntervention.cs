using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

/// <summary>
/// The slow twin of every operation, in double precision: what a kernel is compared with, and the shortest definition of what an operation does.
/// Directions are used as given (unit or orthonormal where the operation needs it, as a compiled plan has them); coefficient 0 is the exact identity.
/// </summary>
internal static class ReferenceIntervention
{
    public static double[] Apply(
        double[] h, Operation operation, double[][] directions, double coefficient, OperationParameters parameters, bool timesTokenNorm, Renormalise renormalise)
    {
        if (coefficient == 0) return [.. h];
        double scale = timesTokenNorm ? coefficient * Norm(h) : coefficient;
        double[] result = operation switch
        {
            Operation.Add => Plus(h, scale, directions[0]),
            Operation.ScaleCoordinate => Plus(h, -scale, Projection(h, directions)),
            Operation.SetCoordinate => Plus(h, scale * TargetChange(Dot(h, directions[0]), parameters), directions[0]),
            Operation.Rotate when parameters.Rotation == RotationMode.To => Plus(h, scale, Minus(RotatedTo(h, directions, parameters.ToDegrees!.Value * Math.PI / 180), h)),
            Operation.Rotate => RotatedBy(h, directions, scale),
            Operation.ProjectBoost => Boosted(h, scale, Projection(h, directions)),
            Operation.LowRank => Mapped(h, scale, directions),
            _ => throw new ArgumentOutOfRangeException(nameof(operation)),
        };
        return renormalise == Renormalise.Token ? Times(result, Norm(h) / (Norm(result) + 1e-8)) : result;
    }

    private static double TargetChange(double c, OperationParameters parameters)
    {
        if (parameters.Relu) return parameters.Value!.Value - Math.Max(c, 0);
        if (parameters.Value is { } value) return value - c;
        return Math.Clamp(c, parameters.Min ?? double.NegativeInfinity, parameters.Max ?? double.PositiveInfinity) - c;
    }

    private static double[] RotatedTo(double[] h, double[][] plane, double angle)
    {
        double c1 = Dot(h, plane[0]), c2 = Dot(h, plane[1]), r = Math.Sqrt(c1 * c1 + c2 * c2);
        return r < 1e-6 ? h : Plus(Plus(h, r * Math.Cos(angle) - c1, plane[0]), r * Math.Sin(angle) - c2, plane[1]);
    }

    private static double[] RotatedBy(double[] h, double[][] plane, double angle)
    {
        double c1 = Dot(h, plane[0]), c2 = Dot(h, plane[1]);
        return Plus(Plus(h, Math.Cos(angle) * c1 - Math.Sin(angle) * c2 - c1, plane[0]), Math.Sin(angle) * c1 + Math.Cos(angle) * c2 - c2, plane[1]);
    }

    private static double[] Boosted(double[] h, double scale, double[] projection)
    {
        double length = Norm(projection);
        return length < 1e-12 ? h : Plus(h, scale / length, projection);
    }

    // k rows of R, k rows of W, and a row that begins with b.
    private static double[] Mapped(double[] h, double scale, double[][] directions)
    {
        int k = directions.Length / 2;
        return Enumerable.Range(0, k).Aggregate(h, (sum, i) => Plus(sum, scale * (Dot(directions[k + i], h) + directions[^1][i] - Dot(directions[i], h)), directions[i]));
    }

    private static double[] Projection(double[] h, double[][] rows) => rows.Aggregate(new double[h.Length], (sum, row) => Plus(sum, Dot(h, row), row));

    public static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    public static double Norm(double[] a) => Math.Sqrt(Dot(a, a));

    private static double[] Plus(double[] a, double times, double[] b) => [.. a.Zip(b, (x, y) => x + times * y)];

    private static double[] Minus(double[] a, double[] b) => Plus(a, -1, b);

    private static double[] Times(double[] a, double by) => [.. a.Select(x => x * by)];
}
