using System.Collections.Immutable;
using System.Numerics.Tensors;
using Steering.Methods.Extraction;

namespace Steering.Methods.Grains;

/// <summary>States of the last tokens, [example][block][width], of the texts as they are and without the tokens that mattered.</summary>
/// <param name="PreferredAblated">By choice of tokens.</param>
/// <param name="DispreferredAblated">By choice of tokens.</param>
public sealed record GrainsStates(float[][][] Preferred, float[][][] Dispreferred, ImmutableDictionary<TokenChoice, float[][][]> PreferredAblated, ImmutableDictionary<TokenChoice, float[][][]> DispreferredAblated)
{
    /// <summary>What ablation took away from the states after a block: a row for each preferred text, then one for each dispreferred text.</summary>
    public IReadOnlyList<double[]> Differences(TokenChoice choice, int block, IReadOnlyList<int> examples) =>
        [.. examples.Select(example => Difference(Preferred, PreferredAblated[choice], example, block)), .. examples.Select(example => Difference(Dispreferred, DispreferredAblated[choice], example, block))];

    /// <summary>The direction after a block: the summary of each choice's differences, added up with their signs and not normalised.</summary>
    public double[] Direction(GrainsOptions options, int block, IReadOnlyList<int> examples)
    {
        double[]? sum = null;
        foreach (var (choice, sign) in options.Choices)
        {
            var rows = Differences(choice, block, examples);
            double[] part = options.Summary == DifferenceSummary.Mean ? PrincipalComponent.MeanOf(rows) : PrincipalComponent.First(rows).Direction;
            sum ??= new double[part.Length];
            TensorPrimitives.MultiplyAdd(part, sign, sum, sum);
        }
        return sum!;
    }

    private static double[] Difference(float[][][] whole, float[][][] ablated, int example, int block)
    {
        float[] from = whole[example][block], to = ablated[example][block];
        var difference = new double[from.Length];
        for (int i = 0; i < from.Length; i++) difference[i] = (double)from[i] - to[i];
        return difference;
    }
}
