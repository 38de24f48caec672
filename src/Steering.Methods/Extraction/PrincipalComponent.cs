using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace Steering.Methods.Extraction;

/// <summary>The direction along which rows differ most, in double precision.</summary>
public static class PrincipalComponent
{
    // Of the singular value, squared.
    private const double Converged = 1e-14;

    /// <summary>
    /// First component of rows about their mean, of length 1. A component has no sign of its own: this one's is such that the mean of the rows as they are lies on its positive side.
    /// By Lanczos's method with full reorthogonalisation (Golub and Van Loan, Matrix Computations, 10.1), since only one component is wanted of thousands.
    /// </summary>
    /// <param name="rows">At least one; all of one width.</param>
    /// <returns>The component, and its singular value.</returns>
    /// <exception cref="ExtractionException">The rows do not differ.</exception>
    public static (double[] Direction, double SingularValue) First(IReadOnlyList<double[]> rows)
    {
        int width = rows[0].Length;
        double[] mean = MeanOf(rows);
        var centred = rows.Select(row =>
        {
            var difference = new double[width];
            TensorPrimitives.Subtract(row, mean, difference);
            return difference;
        }).ToList();
        double largest = centred.Max(row => Rows.Norm(row));
        if (largest == 0) throw new ExtractionException("The activation differences of all examples are the same, so they have no first component; use the mean, or examples that differ.");

        // Begun within the span of the rows, where the component lies; which row comes first does not matter to what it converges to.
        var basis = new List<double[]> { Unit(Multiply(centred, [.. Enumerable.Range(0, width).Select(i => Math.Cos(1 + i))])) };
        List<double> diagonal = [], beside = [];
        for (int looks = 8; ;)
        {
            double[] next = Multiply(centred, basis[^1]);
            diagonal.Add(Rows.Dot(next, basis[^1]));
            for (int pass = 0; pass < 2; pass++)
                foreach (double[] earlier in basis) TensorPrimitives.MultiplyAdd(earlier, -Rows.Dot(next, earlier), next, next);
            double rest = Rows.Norm(next);
            bool isWhole = basis.Count == Math.Min(width, rows.Count) || rest <= Converged * largest * largest;
            if (isWhole || basis.Count == looks)
            {
                var (value, weights) = LargestOf(diagonal, beside);
                if (isWhole || rest * Math.Abs(weights[^1]) <= Converged * value) return (Oriented(Combine(basis, weights), mean), Math.Sqrt(Math.Max(0, value)));
                looks += looks / 2;
            }
            beside.Add(rest);
            basis.Add(Unit(next));
        }
    }

    /// <summary>The mean of rows.</summary>
    public static double[] MeanOf(IReadOnlyList<double[]> rows)
    {
        var mean = new double[rows[0].Length];
        foreach (double[] row in rows) TensorPrimitives.Add(mean, row, mean);
        TensorPrimitives.Divide(mean, rows.Count, mean);
        return mean;
    }

    /// <summary>Rows' covariance, but for a factor, times a vector.</summary>
    private static double[] Multiply(List<double[]> rows, double[] vector)
    {
        var product = new double[vector.Length];
        foreach (double[] row in rows) TensorPrimitives.MultiplyAdd(row, Rows.Dot(row, vector), product, product);
        return product;
    }

    /// <summary>The largest eigenvalue of a symmetric tridiagonal matrix, and its eigenvector.</summary>
    private static (double Value, double[] Vector) LargestOf(List<double> diagonal, List<double> beside)
    {
        var matrix = Matrix<double>.Build.Dense(diagonal.Count, diagonal.Count, (row, column) => row == column ? diagonal[row] : Math.Abs(row - column) == 1 ? beside[Math.Min(row, column)] : 0);
        var found = matrix.Evd(Symmetricity.Symmetric);
        return (found.EigenValues[^1].Real, [.. found.EigenVectors.Column(diagonal.Count - 1)]);
    }

    private static double[] Combine(List<double[]> basis, double[] weights)
    {
        var sum = new double[basis[0].Length];
        for (int i = 0; i < weights.Length; i++) TensorPrimitives.MultiplyAdd(basis[i], weights[i], sum, sum);
        return Unit(sum);
    }

    private static double[] Oriented(double[] direction, double[] mean)
    {
        if (Rows.Dot(direction, mean) < 0) TensorPrimitives.Negate(direction, direction);
        return direction;
    }

    private static double[] Unit(double[] vector)
    {
        TensorPrimitives.Divide(vector, Rows.Norm(vector), vector);
        return vector;
    }
}
