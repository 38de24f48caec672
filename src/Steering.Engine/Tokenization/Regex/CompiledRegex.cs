using System.Collections.Immutable;
using System.Text;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Regex;

/// <summary>
/// A regular expression over code points with Oniguruma's meaning, as Hugging Face tokenizers uses it. .NET's own engine differs where tokenizers care: it
/// sees UTF-16 units, has no possessive quantifiers, other tables and another <c>$</c>, and can take exponential time. Safe to use from many threads.
/// </summary>
internal sealed class CompiledRegex
{
    // A matcher with buffers larger than this is not kept for the next text.
    private const int KeptCapacity = 1 << 16;

    private readonly RegexProgram _program;
    private RegexMatcher? _spare;

    private CompiledRegex(RegexNode node) => _program = RegexCompiler.Compile(node);

    /// <exception cref="FormatException">The pattern is wrong, or uses what is not supported; the message says which.</exception>
    public static CompiledRegex Parse(string pattern) => new(RegexParser.Parse(pattern));

    /// <summary>Matches a text as it stands.</summary>
    public static CompiledRegex Literal(string text) =>
        new(new SequenceNode([.. text.EnumerateRunes().Select(RegexNode (r) => new SetNode(CodePointSet.Of(r.Value)))]));

    /// <summary>Calls <paramref name="found"/> with start and end of every match, in order; an empty one right after another match does not count.</summary>
    public void FindAll(ReadOnlySpan<int> text, Action<int, int> found)
    {
        var matcher = Interlocked.Exchange(ref _spare, null) ?? new RegexMatcher(_program);
        matcher.Load(text);
        int from = 0, last = -1;
        while (from <= text.Length && matcher.Find(from, out int start, out int end))
        {
            if (start == end && end == last)
            {
                from = end + 1;
                continue;
            }
            found(start, end);
            from = last = end;
        }
        if (matcher.Capacity <= KeptCapacity) Volatile.Write(ref _spare, matcher);
    }
}
