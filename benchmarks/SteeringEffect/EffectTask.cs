using System.Collections.Immutable;
using Steering.Methods.Extraction;

namespace SteeringEffect;

/// <summary>A question of a task's test part.</summary>
/// <param name="Prompt">Tokens.</param>
/// <param name="Pair">The answers whose likelihoods are compared; null where an answer is generated and judged.</param>
internal sealed record TestQuestion(ImmutableArray<int> Prompt, PreferencePair? Pair);

/// <summary>Something that a vector made from examples should bring about.</summary>
/// <param name="Name">As the report calls it.</param>
/// <param name="Examples">What vectors are made from.</param>
/// <param name="Questions">What they are tested on: no question is among the examples.</param>
/// <param name="Judge">1 where a generated answer shows what is wanted, and how well formed it is; null: the preferred answer must be the likelier one.</param>
/// <param name="TopK">Tokens that GrAInS takes out.</param>
internal sealed record EffectTask(string Name, ImmutableArray<PreferencePair> Examples, ImmutableArray<TestQuestion> Questions, Func<string, (double Shows, double Coherence)>? Judge, int TopK);

/// <summary>A direction after every block.</summary>
/// <param name="Method">As the report calls it.</param>
/// <param name="Directions">[block][width].</param>
internal sealed record Candidate(string Method, ImmutableArray<double[]> Directions);

/// <summary>What came of one setting.</summary>
/// <param name="Blocks">Where it acts; empty: nowhere.</param>
/// <param name="Scores">By question: 1 where the answer is as wanted.</param>
/// <param name="Margins">By question: how much likelier the preferred answer is, in nats; empty where answers are judged.</param>
/// <param name="Coherence">Mean share of well-formed sentences; where likelihoods are compared, the probability of a token of a preferred answer (geometric mean).</param>
internal sealed record Outcome(string Method, int[] Blocks, double Strength, double[] Scores, double[] Margins, double Coherence)
{
    /// <summary>The blocks as the report writes them.</summary>
    public string Where => Blocks.Length == 1 ? $"{Blocks[0]}" : $"{Blocks[0]}-{Blocks[^1]}";

    /// <summary>Mean over the questions of one half: the even ones choose a setting, the odd ones report it.</summary>
    public double Mean(int half) => Of(Scores, half).Average();

    public static double[] Of(double[] values, int half) => [.. values.Where((_, i) => i % 2 == half)];
}
