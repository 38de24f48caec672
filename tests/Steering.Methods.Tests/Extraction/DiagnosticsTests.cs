using Steering.Methods.Extraction;

namespace Steering.Tests.Extraction;

public sealed class DiagnosticsTests
{
    [Fact]
    public void The_area_under_the_curve_counts_pairs_in_order_and_ties_as_half()
    {
        Assert.Equal(1, BlockDiagnostics.Auc([2, 3], [0, 1]));
        Assert.Equal(0, BlockDiagnostics.Auc([0, 1], [2, 3]));
        Assert.Equal(0.5, BlockDiagnostics.Auc([1, 1], [1, 1]));
        Assert.Equal(0.75, BlockDiagnostics.Auc([1, 3], [0, 2]));
    }

    [Fact]
    public void Repetition_is_the_share_of_runs_that_were_there_before()
    {
        Assert.Equal(0, StrengthCalibration.Repetition([1, 2, 3, 4, 5, 6, 7]));
        Assert.Equal(0, StrengthCalibration.Repetition([1, 1, 1, 1]));
        Assert.Equal(0.8, StrengthCalibration.Repetition([1, 1, 1, 1, 1, 1, 1, 1]), 1e-12);
        Assert.Equal(1.0 / 5, StrengthCalibration.Repetition([1, 2, 3, 4, 1, 2, 3, 4]), 1e-12);
    }

    [Fact]
    public void A_planted_direction_is_found_in_the_block_it_was_planted_in()
    {
        var random = new Random(3);
        const int Width = 16, Examples = 20;
        // Noise everywhere; in block 1 preferred texts lie further along one axis.
        float[][][] States(float shift) => [.. Enumerable.Range(0, Examples).Select(_ => Enumerable.Range(0, 3).Select(block =>
            Enumerable.Range(0, Width).Select(i => (float)(random.NextDouble() - 0.5) + (block == 1 && i == 5 ? shift : 0)).ToArray()).ToArray())];
        float[][][] preferred = States(1), dispreferred = States(0);

        var blocks = BlockDiagnostics.Of(preferred, dispreferred, [2, 2, 2], (block, examples) =>
            PrincipalComponent.MeanOf([.. examples.Select(example => preferred[example][block].Zip(dispreferred[example][block], (p, n) => (double)p - n).ToArray())]));

        Assert.Equal(1, BlockDiagnostics.Recommended(blocks));
        Assert.InRange(blocks[1].HeldOutAuc, 0.9, 1);
        Assert.InRange(blocks[1].SplitHalfCosine, 0.7, 1);
        Assert.InRange(blocks[0].SplitHalfCosine, -0.6, 0.6);
        Assert.Equal(blocks[1].Norm / 2, blocks[1].RelativeNorm, 1e-12);
    }

    [Theory]
    [InlineData(3, 40)]
    [InlineData(40, 3)]
    [InlineData(60, 60)]
    public void The_first_component_is_an_eigenvector_of_the_covariance_with_the_largest_value(int rows, int width)
    {
        var random = new Random(rows);
        double[][] matrix = [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, width).Select(i => 1 + (random.NextDouble() - 0.5) * (1 + 1.0 / (1 + i))).ToArray())];
        double[] mean = PrincipalComponent.MeanOf(matrix);

        var (direction, singular) = PrincipalComponent.First(matrix);

        // The slow twin: power iteration until nothing moves, in plain loops.
        double[] slow = [.. Enumerable.Range(0, width).Select(i => 1.0 / (i + 1))];
        for (int step = 0; step < 20000; step++)
        {
            var product = new double[width];
            foreach (double[] row in matrix)
            {
                double along = 0;
                for (int i = 0; i < width; i++) along += (row[i] - mean[i]) * slow[i];
                for (int i = 0; i < width; i++) product[i] += along * (row[i] - mean[i]);
            }
            double norm = Math.Sqrt(product.Sum(value => value * value));
            for (int i = 0; i < width; i++) slow[i] = product[i] / norm;
        }
        double sign = Math.Sign(slow.Zip(mean, (s, m) => s * m).Sum());
        Assert.Equal(Math.Sqrt(matrix.Sum(row => Math.Pow(row.Select((value, i) => (value - mean[i]) * slow[i]).Sum(), 2))), singular, 1e-9);
        for (int i = 0; i < width; i++) Assert.Equal(sign * slow[i], direction[i], 1e-6);
    }
}
