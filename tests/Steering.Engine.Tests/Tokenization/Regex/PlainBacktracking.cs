using Steering.Engine.Tokenization.Regex;

namespace Steering.Tests.Tokenization.Regex;

/// <summary>The slow twin of the matcher: tries everything in order, remembers nothing.</summary>
internal sealed class PlainBacktracking(string text)
{
    private const int MaxTries = 100_000;

    private int _tries;

    /// <summary>All matches one after another; null if that takes too long.</summary>
    public List<(int, int)>? FindAll(RegexNode node)
    {
        var found = new List<(int, int)>();
        for (int from = 0; from <= text.Length;)
        {
            int start = from, end = -1;
            while (start <= text.Length && !Match(node, start, e => (end = e) >= 0)) start++;
            if (_tries > MaxTries) return null;
            if (start > text.Length) break;
            found.Add((start, end));
            from = start == end ? end + 1 : end;
        }
        return found;
    }

    // Whether the node matches at a position and what comes after it, too.
    private bool Match(RegexNode node, int at, Func<int, bool> then)
    {
        if (++_tries > MaxTries) return false;
        return node switch
        {
            SetNode set => at < text.Length && set.Set.Contains(text[at]) && then(at + 1),
            SequenceNode sequence => MatchFrom(sequence, 0, at, then),
            AlternationNode alternation => alternation.Choices.Any(c => Match(c, at, then)),
            RepeatNode { Kind: RepeatKind.Possessive } repeat => Once(repeat with { Kind = RepeatKind.Greedy }, at) is >= 0 and int end && then(end),
            RepeatNode repeat => Repeat(repeat, 0, at, then),
            AtomicNode atomic => Once(atomic.Body, at) is >= 0 and int end && then(end),
            LookaheadNode look => Once(look.Body, at) >= 0 != look.Negative && then(at),
            AnchorNode { Anchor: Anchor.LineEnd } => (at == text.Length || text[at] == '\n') && then(at),
            AnchorNode { Anchor: Anchor.WordBoundary } => (at > 0 && char.IsAsciiLetter(text[at - 1])) != (at < text.Length && char.IsAsciiLetter(text[at])) && then(at),
            _ => throw new NotSupportedException(node.ToString()),
        };
    }

    private bool MatchFrom(SequenceNode sequence, int index, int at, Func<int, bool> then) =>
        index == sequence.Parts.Length ? then(at) : Match(sequence.Parts[index], at, next => MatchFrom(sequence, index + 1, next, then));

    private bool Repeat(RepeatNode repeat, int count, int at, Func<int, bool> then)
    {
        bool More() => count < repeat.Max && Match(repeat.Body, at, next => Repeat(repeat, count + 1, next, then));
        bool Enough() => count >= repeat.Min && then(at);
        return repeat.Kind == RepeatKind.Lazy ? Enough() || More() : More() || Enough();
    }

    private int Once(RegexNode node, int at)
    {
        int end = -1;
        Match(node, at, e => (end = e) >= 0);
        return end;
    }
}
