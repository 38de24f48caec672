using System.Collections.Immutable;

namespace Steering.Engine.Templates;

/// <summary>A rendered conversation and where in it the messages' own words are.</summary>
/// <param name="Text">The rendered text.</param>
/// <param name="Spans">
/// UTF-16 ranges of <paramref name="Text"/> that come from the messages' text contents, sorted and disjoint; null where they cannot be told.
/// </param>
/// <param name="Reason">Why <paramref name="Spans"/> is null; null otherwise.</param>
public sealed record RenderedChat(string Text, ImmutableArray<(int Start, int End)>? Spans, string? Reason);
