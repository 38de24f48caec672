using System.Collections.Immutable;

namespace Steering.Methods.Grains;

/// <summary>Chooses tokens by their scores, and takes them out of a text.</summary>
public static class TokenAblation
{
    /// <summary>Positions of the k tokens with the most extreme scores, most extreme first; ties go to the lowest position. Every token competes, the first and the answer's included.</summary>
    public static ImmutableArray<int> Choose(IReadOnlyList<double> scores, int k, TokenChoice choice) => [.. Enumerable.Range(0, scores.Count).OrderByDescending(position => choice switch
    {
        TokenChoice.Positive => scores[position],
        TokenChoice.Negative => -scores[position],
        _ => Math.Abs(scores[position]),
    }).Take(k)]; // a stable sort: of equal ones the first comes first

    /// <summary>The text with padding in place of some tokens; it keeps its length, and padding is attended like any token.</summary>
    public static ImmutableArray<int> Ablate(ImmutableArray<int> text, ImmutableArray<int> positions, int padToken)
    {
        var ablated = text.ToBuilder();
        foreach (int position in positions) ablated[position] = padToken;
        return ablated.ToImmutable();
    }
}
