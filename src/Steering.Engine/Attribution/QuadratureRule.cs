namespace Steering.Engine.Attribution;

/// <summary>Points in [0, 1] and their weights.</summary>
internal static class QuadratureRule
{
    /// <summary>Exact for polynomials of degree 2 count - 1; never at the ends.</summary>
    public static (double At, double Weight)[] GaussLegendre(int count)
    {
        var points = new (double, double)[count];
        for (int i = 0; i < count; i++)
        {
            // Newton's method from Tricomi's estimate of the i-th root of the Legendre polynomial.
            double x = -Math.Cos(Math.PI * (i + 0.75) / (count + 0.5)), slope = 1;
            for (int step = 0; step < 100; step++)
            {
                double value = 1, before = 0;
                for (int n = 1; n <= count; n++) (value, before) = (((2 * n - 1) * x * value - (n - 1) * before) / n, value);
                slope = count * (x * value - before) / (x * x - 1);
                double change = value / slope;
                x -= change;
                if (Math.Abs(change) < 1e-16) break;
            }
            points[i] = ((1 + x) / 2, 1 / ((1 - x * x) * slope * slope));
        }
        return points;
    }

    public static (double At, double Weight)[] Midpoint(int count) => [.. Enumerable.Range(0, count).Select(i => ((i + 0.5) / count, 1.0 / count))];

    /// <summary>At both ends too, so at least two points; weights add up to 1, where captum's add up to (count - 1) / count.</summary>
    public static (double At, double Weight)[] Trapezoid(int count) => [.. Enumerable.Range(0, count).Select(i => (i / (count - 1.0), (i == 0 || i == count - 1 ? 0.5 : 1) / (count - 1)))];
}
