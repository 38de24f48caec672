namespace Steering.Engine.Tokenization;

/// <summary>A text as tokens.</summary>
/// <param name="Ids">The tokens.</param>
/// <param name="Offsets">
/// For each token the part of the input it came from, in UTF-16 units. Tokens that share a character each have all of it; tokens the post-processor added have (0, 0).
/// </param>
public sealed record Encoding(int[] Ids, (int Start, int End)[] Offsets);
