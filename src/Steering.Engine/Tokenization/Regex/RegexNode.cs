using System.Collections.Immutable;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Regex;

/// <summary>A parsed regular expression.</summary>
internal abstract record RegexNode
{
    /// <summary>Whether it can match without consuming a character.</summary>
    public abstract bool CanBeEmpty { get; }
}

/// <summary>One character of a set.</summary>
internal sealed record SetNode(CodePointSet Set) : RegexNode
{
    public override bool CanBeEmpty => false;
}

/// <summary>One after the other.</summary>
internal sealed record SequenceNode(ImmutableArray<RegexNode> Parts) : RegexNode
{
    public override bool CanBeEmpty { get; } = Parts.All(p => p.CanBeEmpty);
}

/// <summary>The first that leads to a match.</summary>
internal sealed record AlternationNode(ImmutableArray<RegexNode> Choices) : RegexNode
{
    public override bool CanBeEmpty { get; } = Choices.Any(c => c.CanBeEmpty);
}

internal enum RepeatKind { Greedy, Lazy, Possessive }

/// <summary>Between <paramref name="Min"/> and <paramref name="Max"/> times; <see cref="Unbounded"/> for no upper limit.</summary>
internal sealed record RepeatNode(RegexNode Body, int Min, int Max, RepeatKind Kind) : RegexNode
{
    public const int Unbounded = int.MaxValue;

    public override bool CanBeEmpty { get; } = Min == 0 || Body.CanBeEmpty;
}

/// <summary>Its first match, never another: <c>(?&gt;..)</c>.</summary>
internal sealed record AtomicNode(RegexNode Body) : RegexNode
{
    public override bool CanBeEmpty { get; } = Body.CanBeEmpty;
}

/// <summary>What follows matches, or does not: <c>(?=..)</c>, <c>(?!..)</c>.</summary>
internal sealed record LookaheadNode(RegexNode Body, bool Negative) : RegexNode
{
    public override bool CanBeEmpty => true;
}

internal enum Anchor { LineStart, LineEnd, TextStart, TextEnd, TextEndOrLastNewline, WordBoundary, NoWordBoundary }

internal sealed record AnchorNode(Anchor Anchor) : RegexNode
{
    public override bool CanBeEmpty => true;
}
