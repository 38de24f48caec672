namespace Steering.Engine.Interventions;

/// <summary>
/// Vector-Jacobian products of the operations (docs/decisions.md 18), one row at a time, in double precision.
/// </summary>
/// <remarks>
/// Every operation has the form y = h + sum_i delta_i(c, |h|) u_i with coordinates c_i = &lt;h, u_i&gt;, optionally followed by h' = y |h| / (|y| + 1e-8).
/// So dL/dh needs k coordinates of h and of the gradient, a k x k derivative of delta, and two passes over the row; nothing of row length is stored.
/// Clamps and relu use the one-sided derivative of the branch that was taken; an operation that left the row alone passes the gradient through.
/// </remarks>
public static class InterventionGradient
{
    /// <summary>Rotations to an angle leave rows alone whose part in the plane is shorter: there is no angle to speak of.</summary>
    private const double SmallestRadius = 1e-6;

    /// <summary>Projection boosts leave rows alone whose projection is shorter.</summary>
    private const double SmallestProjection = 1e-12;

    /// <summary>Keeps the renormalisation finite; the references' value.</summary>
    private const double Epsilon = 1e-8;

    /// <summary>The product for one edit at one token.</summary>
    /// <param name="h">The row before the edit, [width].</param>
    /// <param name="gradient">In: dL/dh'. Out: dL/dh. [width].</param>
    /// <param name="coefficient">What <see cref="PlannedEdit.CoefficientAt"/> gave for the token; 0 is the identity.</param>
    public static void Vjp(ReadOnlySpan<float> h, Span<float> gradient, PlannedEdit edit, double coefficient)
    {
        ArgumentNullException.ThrowIfNull(edit);
        Vjp(h, gradient, edit.Operation, edit.Directions, coefficient, edit.Parameters, edit.TimesTokenNorm, edit.Renormalise);
    }

    /// <inheritdoc cref="Vjp(ReadOnlySpan{float}, Span{float}, PlannedEdit, double)"/>
    /// <exception cref="ArgumentException">Lengths that differ from the directions' width.</exception>
    public static void Vjp(
        ReadOnlySpan<float> h, Span<float> gradient, Operation operation, DirectionTensor directions, double coefficient,
        OperationParameters parameters, bool timesTokenNorm, Renormalise renormalise)
    {
        ArgumentNullException.ThrowIfNull(directions);
        ArgumentNullException.ThrowIfNull(parameters);
        if (h.Length != directions.Columns || gradient.Length != directions.Columns)
            throw new ArgumentException($"expected rows of {directions.Columns} values");
        if (coefficient == 0) return;

        bool isMap = operation == Operation.LowRank;
        int k = isMap ? directions.Rows - 1 : directions.Rows; // the last row of a map is b, no direction
        var bias = isMap ? directions.Row(k)[..(k / 2)] : default;
        Span<double> c = stackalloc double[k];        // <h, u_i>
        Span<double> g = stackalloc double[k];        // <dL/dy, u_i>
        Span<double> delta = stackalloc double[k];
        Span<double> pulled = stackalloc double[k];   // sum_j g_j d delta_j / d c_i
        for (int i = 0; i < k; i++)
        {
            c[i] = Dot(h, directions.Row(i));
            g[i] = Dot(gradient, directions.Row(i));
        }
        double norm = Math.Sqrt(Dot(h, h));
        double scale = timesTokenNorm ? coefficient * norm : coefficient;
        Delta(operation, parameters, c, bias, scale, delta);

        // dL/dy = alpha dL/dh' + beta y, and |h| in the numerator adds gamma h.
        double alpha = 1, beta = 0, gamma = 0;
        if (renormalise == Renormalise.Token) (alpha, beta, gamma) = PullBackNorm(h, gradient, directions, c, delta, g, norm);

        double perScale = PullBack(operation, parameters, c, scale, g, pulled);
        if (timesTokenNorm && norm > 0) gamma += coefficient * perScale / norm;

        for (int x = 0; x < h.Length; x++)
        {
            double y = h[x], along = 0;
            for (int i = 0; i < k; i++)
            {
                double u = directions.Row(i)[x];
                y += delta[i] * u;
                along += pulled[i] * u;
            }
            gradient[x] = (float)(alpha * gradient[x] + beta * y + along + gamma * h[x]);
        }
    }

    /// <summary>delta_i for coordinates c.</summary>
    private static void Delta(
        Operation operation, OperationParameters parameters, ReadOnlySpan<double> c, ReadOnlySpan<float> bias, double scale, Span<double> delta)
    {
        delta.Clear();
        switch (operation)
        {
            case Operation.Add:
                delta[0] = scale;
                break;
            case Operation.ScaleCoordinate:
                for (int i = 0; i < c.Length; i++) delta[i] = -scale * c[i];
                break;
            case Operation.SetCoordinate:
                delta[0] = scale * SetTarget(parameters, c[0]).Change;
                break;
            case Operation.Rotate when parameters.Rotation == RotationMode.To:
                double angle = (parameters.ToDegrees ?? 0) * Math.PI / 180, radius = Math.Sqrt(c[0] * c[0] + c[1] * c[1]);
                bool rotates = radius >= SmallestRadius;
                delta[0] = rotates ? scale * (radius * Math.Cos(angle) - c[0]) : 0;
                delta[1] = rotates ? scale * (radius * Math.Sin(angle) - c[1]) : 0;
                break;
            case Operation.Rotate:
                delta[0] = (Math.Cos(scale) - 1) * c[0] - Math.Sin(scale) * c[1];
                delta[1] = Math.Sin(scale) * c[0] + (Math.Cos(scale) - 1) * c[1];
                break;
            case Operation.ProjectBoost:
                double length = Norm(c);
                for (int i = 0; i < c.Length; i++) delta[i] = length < SmallestProjection ? 0 : scale * c[i] / length;
                break;
            case Operation.LowRank: // u_i are the rows of R, then those of W
                for (int i = 0; i < bias.Length; i++) delta[i] = scale * (c[bias.Length + i] + bias[i] - c[i]);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
        }
    }

    /// <summary>pulled_i = sum_j g_j d delta_j / d c_i.</summary>
    /// <returns>sum_j g_j d delta_j / d scale; used only where the scale depends on |h|.</returns>
    private static double PullBack(
        Operation operation, OperationParameters parameters, ReadOnlySpan<double> c, double scale, ReadOnlySpan<double> g, Span<double> pulled)
    {
        pulled.Clear();
        switch (operation)
        {
            case Operation.Add:
                return g[0];
            case Operation.ScaleCoordinate:
                for (int i = 0; i < c.Length; i++) pulled[i] = -scale * g[i];
                return 0;
            case Operation.SetCoordinate:
                pulled[0] = scale * SetTarget(parameters, c[0]).Slope * g[0];
                return 0;
            case Operation.Rotate when parameters.Rotation == RotationMode.To:
                double angle = (parameters.ToDegrees ?? 0) * Math.PI / 180, radius = Math.Sqrt(c[0] * c[0] + c[1] * c[1]);
                if (radius < SmallestRadius) return 0;
                double outward = g[0] * Math.Cos(angle) + g[1] * Math.Sin(angle);
                pulled[0] = scale * (outward * c[0] / radius - g[0]);
                pulled[1] = scale * (outward * c[1] / radius - g[1]);
                return 0;
            case Operation.Rotate:
                pulled[0] = (Math.Cos(scale) - 1) * g[0] + Math.Sin(scale) * g[1];
                pulled[1] = -Math.Sin(scale) * g[0] + (Math.Cos(scale) - 1) * g[1];
                return 0;
            case Operation.ProjectBoost:
                double length = Norm(c), towards = 0;
                if (length < SmallestProjection) return 0;
                for (int i = 0; i < c.Length; i++) towards += g[i] * c[i] / length;
                for (int i = 0; i < c.Length; i++) pulled[i] = scale / length * (g[i] - towards * c[i] / length);
                return towards;
            case Operation.LowRank:
                for (int i = 0; i < c.Length / 2; i++) (pulled[i], pulled[c.Length / 2 + i]) = (-scale * g[i], scale * g[i]);
                return 0;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
        }
    }

    /// <summary>For set_coordinate at full strength: the change of the coordinate, and its derivative by the coordinate.</summary>
    private static (double Change, double Slope) SetTarget(OperationParameters parameters, double c)
    {
        if (parameters.Relu) return (parameters.Value!.Value - Math.Max(c, 0), c > 0 ? -1 : 0);
        if (parameters.Value is { } value) return (value - c, -1);
        if (c < parameters.Min) return (parameters.Min.Value - c, -1);
        return c > parameters.Max ? (parameters.Max.Value - c, -1) : (0, 0);
    }

    /// <summary>Back through h' = y |h| / (|y| + eps); <paramref name="g"/> becomes the coordinates of dL/dy.</summary>
    private static (double Alpha, double Beta, double Gamma) PullBackNorm(
        ReadOnlySpan<float> h, ReadOnlySpan<float> gradient, DirectionTensor directions,
        ReadOnlySpan<double> c, ReadOnlySpan<double> delta, Span<double> g, double norm)
    {
        double along = 0, square = 0;                 // <dL/dh', y>, |y|^2
        for (int x = 0; x < h.Length; x++)
        {
            double y = h[x];
            for (int i = 0; i < delta.Length; i++) y += delta[i] * directions.Row(i)[x];
            along += y * gradient[x];
            square += y * y;
        }
        double length = Math.Sqrt(square), divisor = length + Epsilon;
        double alpha = norm / divisor;
        double beta = length > 0 ? -along * norm / (divisor * divisor * length) : 0;
        double gamma = norm > 0 ? along / (divisor * norm) : 0;
        for (int i = 0; i < g.Length; i++)
        {
            double y = c[i];
            for (int j = 0; j < delta.Length; j++) y += delta[j] * Dot(directions.Row(j), directions.Row(i));
            g[i] = alpha * g[i] + beta * y;
        }
        return (alpha, beta, gamma);
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }

    private static double Norm(ReadOnlySpan<double> c)
    {
        double sum = 0;
        foreach (double value in c) sum += value * value;
        return Math.Sqrt(sum);
    }
}
