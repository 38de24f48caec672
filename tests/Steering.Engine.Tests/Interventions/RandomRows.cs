namespace Steering.Tests.Interventions;

/// <summary>Reproducible rows of normal values.</summary>
internal static class RandomRows
{
    public static double[] Row(Random random, int width)
    {
        double[] row = new double[width];
        for (int i = 0; i < width; i++)
            row[i] = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return row;
    }

    public static float[] Floats(Random random, int count) => Array.ConvertAll(Row(random, count), value => (float)value);

    /// <summary>Classical Gram-Schmidt, twice: independent of the one under test.</summary>
    public static double[][] Orthonormal(Random random, int count, int width)
    {
        double[][] rows = [.. Enumerable.Range(0, count).Select(_ => Row(random, width))];
        for (int i = 0; i < count; i++)
        {
            for (int pass = 0; pass < 2; pass++)
            {
                double[] along = [.. rows.Take(i).Select(row => ReferenceIntervention.Dot(rows[i], row))];
                for (int j = 0; j < i; j++) rows[i] = [.. rows[i].Zip(rows[j], (x, y) => x - along[j] * y)];
                double norm = ReferenceIntervention.Norm(rows[i]);
                rows[i] = [.. rows[i].Select(x => x / norm)];
            }
        }
        return rows;
    }
}
