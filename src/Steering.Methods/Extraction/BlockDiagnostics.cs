using System.Collections.Immutable;

namespace Steering.Methods.Extraction;

/// <summary>What can be said about a direction after a block without steering by it.</summary>
/// <param name="HeldOutAuc">
/// Probability that a preferred text's last state lies further along the direction than a dispreferred one's, for examples that it was not made from: made from the even ones and tested on the odd,
/// and the other way round, the mean of both. 0.5 is chance.
/// </param>
/// <param name="SplitHalfCosine">Of the directions made from the even and from the odd examples: how much of it is not chance.</param>
/// <param name="Norm">Its length.</param>
/// <param name="ResidualNorm">Root mean square norm of the residual stream there.</param>
public sealed record BlockDiagnostics(int Block, double HeldOutAuc, double SplitHalfCosine, double Norm, double ResidualNorm)
{
    // Differences of the AUC below this are noise with the few dozen examples that there usually are.
    private const double AucStep = 0.02;

    /// <summary>Length in units of the residual stream.</summary>
    public double RelativeNorm => Norm / ResidualNorm;

    /// <summary>Diagnoses the directions of a method.</summary>
    /// <param name="preferred">States of the preferred texts, [example][block][width].</param>
    /// <param name="dispreferred">And of the dispreferred ones.</param>
    /// <param name="norms">Root mean square norm of the residual stream by block.</param>
    /// <param name="directionOf">The method: the direction after a block, made from some of the examples.</param>
    public static ImmutableArray<BlockDiagnostics> Of(float[][][] preferred, float[][][] dispreferred, double[] norms, Func<int, IReadOnlyList<int>, double[]> directionOf)
    {
        int[] all = [.. Enumerable.Range(0, preferred.Length)];
        int[] even = [.. all.Where(example => example % 2 == 0)], odd = [.. all.Where(example => example % 2 == 1)];
        return [.. Enumerable.Range(0, norms.Length).Select(block =>
        {
            double[] fromEven = directionOf(block, even), fromOdd = directionOf(block, odd);
            double auc = (Auc(preferred, dispreferred, block, odd, fromEven) + Auc(preferred, dispreferred, block, even, fromOdd)) / 2;
            return new BlockDiagnostics(block, auc, Rows.Cosine(fromEven, fromOdd), Rows.Norm(directionOf(block, all)), norms[block]);
        })];
    }

    /// <summary>The block with the best held-out AUC; of those that are as good, the one whose direction depends least on which examples were drawn, and then the lowest.</summary>
    public static int Recommended(IReadOnlyList<BlockDiagnostics> blocks)
    {
        double best = blocks.Max(block => block.HeldOutAuc);
        return blocks.Where(block => block.HeldOutAuc >= best - AucStep).OrderByDescending(block => block.SplitHalfCosine).ThenBy(block => block.Block).First().Block;
    }

    /// <summary>Area under the receiver operating characteristic: pairs in the right order, ties counted as half.</summary>
    internal static double Auc(IReadOnlyList<double> positives, IReadOnlyList<double> negatives) =>
        positives.Sum(positive => negatives.Sum(negative => positive > negative ? 1 : positive == negative ? 0.5 : 0)) / ((double)positives.Count * negatives.Count);

    private static double Auc(float[][][] preferred, float[][][] dispreferred, int block, int[] examples, double[] direction)
    {
        return Auc(Scores(preferred), Scores(dispreferred));
        double[] Scores(float[][][] states) => [.. examples.Select(example => Dot(states[example][block], direction))];
    }

    private static double Dot(float[] state, double[] direction)
    {
        double sum = 0;
        for (int i = 0; i < state.Length; i++) sum += state[i] * direction[i];
        return sum;
    }
}
