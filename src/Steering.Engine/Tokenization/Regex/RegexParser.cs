using System.Collections.Immutable;
using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Regex;

/// <summary>
/// Parses Oniguruma's (Ruby's) syntax as far as tokenizers use it. What this refuses, by a <see cref="FormatException"/> that names it: back references,
/// lookbehind, conditionals, calls, extended mode, and repetitions without limit of something that can be empty.
/// Case-insensitive parts use simple folding: a letter never matches two (Oniguruma's <c>(?i:ss)</c> also matches the German sharp s).
/// </summary>
internal sealed class RegexParser
{
    private const int MaxDepth = 100;
    private const int MaxQuantifiers = 4;
    private const int MaxCount = 1000;

    private readonly RegexReader _reader;
    private bool _ignoreCase;
    private bool _dotMatchesNewline;
    private int _depth;

    private RegexParser(string pattern) => _reader = new RegexReader(pattern);

    public static RegexNode Parse(string pattern)
    {
        var parser = new RegexParser(pattern);
        var node = parser.Alternation();
        return parser._reader.AtEnd ? node : throw parser._reader.Error("a ')' without its '('");
    }

    private RegexNode Alternation()
    {
        if (++_depth > MaxDepth) throw _reader.Error("groups nested too deeply");
        var choices = ImmutableArray.CreateBuilder<RegexNode>();
        do choices.Add(Sequence());
        while (_reader.Take('|'));
        _depth--;
        return choices.Count == 1 ? choices[0] : new AlternationNode(choices.ToImmutable());
    }

    private RegexNode Sequence()
    {
        var parts = ImmutableArray.CreateBuilder<RegexNode>();
        while (!_reader.AtEnd && _reader.Peek is not ('|' or ')'))
        {
            var part = Atom();
            if (part is not null) parts.Add(Quantified(part));
        }
        return parts.Count == 1 ? parts[0] : new SequenceNode(parts.ToImmutable());
    }

    private RegexNode Quantified(RegexNode body)
    {
        for (int quantifiers = 0; TryCount(out int min, out int max, out bool isInterval); quantifiers++)
        {
            if (quantifiers == MaxQuantifiers) throw _reader.Error("too many quantifiers on one another");
            var kind = RepeatKind.Greedy;
            // {n}? means "n times or not at all" and {n,m}+ repeats the repetition, unlike ?+, ++ and *+.
            bool fixedInterval = isInterval && min == max;
            if (!fixedInterval && _reader.Take('?')) kind = RepeatKind.Lazy;
            else if (!isInterval && _reader.Take('+')) kind = RepeatKind.Possessive;
            if (max == RepeatNode.Unbounded && body.CanBeEmpty) throw _reader.Error("something that can be empty repeated without limit");
            body = new RepeatNode(body, min, max, kind);
        }
        return body;
    }

    private bool TryCount(out int min, out int max, out bool isInterval)
    {
        (min, max, isInterval) = (0, RepeatNode.Unbounded, false);
        if (_reader.Take('*')) return true;
        if (_reader.Take('?')) return (max = 1) == 1;
        if (_reader.Take('+')) return (min = 1) == 1;
        int start = _reader.Position;
        if (!_reader.Take('{')) return false;
        isInterval = true;
        int? low = _reader.Number(), high = low;
        if (_reader.Take(',')) high = _reader.Number() ?? (low is null ? null : RepeatNode.Unbounded);
        if (high is null || !_reader.Take('}'))
        {
            // Not an interval: a brace that means itself.
            _reader.Position = start;
            return false;
        }
        (min, max) = (low ?? 0, high.Value);
        if (min > max) throw _reader.Error("an interval whose ends are swapped");
        if (min > MaxCount || (max > MaxCount && max != RepeatNode.Unbounded)) throw _reader.Error($"a repetition of more than {MaxCount}");
        return true;
    }

    private RegexNode? Atom()
    {
        int c = _reader.Next();
        return c switch
        {
            '(' => Group(),
            '[' => new SetNode(ClassParser().Parse()),
            '.' => new SetNode(_dotMatchesNewline ? CodePointSet.All : CodePointSet.Of('\n').Negate()),
            '^' => new AnchorNode(Anchor.LineStart),
            '$' => new AnchorNode(Anchor.LineEnd),
            '\\' => Escape(),
            '*' or '+' or '?' => throw _reader.Error("a quantifier with nothing before it"),
            _ => Literal(c),
        };
    }

    private RegexClassParser ClassParser() => new(_reader, _ignoreCase);

    private SetNode Literal(int codePoint)
    {
        var set = CodePointSet.Of(codePoint);
        return new SetNode(_ignoreCase ? CaseFolding.Close(set) : set);
    }

    private RegexNode Escape()
    {
        if (_reader.AtEnd) throw _reader.Error("a backslash at the end");
        Anchor? anchor = _reader.Peek switch
        {
            'A' => Anchor.TextStart,
            'z' => Anchor.TextEnd,
            'Z' => Anchor.TextEndOrLastNewline,
            'b' => Anchor.WordBoundary,
            'B' => Anchor.NoWordBoundary,
            _ => null,
        };
        if (anchor is not null)
        {
            _reader.Next();
            return new AnchorNode(anchor.Value);
        }
        if (ClassParser().TryShorthand() is { } set) return new SetNode(set);
        if (_reader.Peek is (>= '1' and <= '9') or 'k' or 'g' or 'G' or 'K' or 'R' or 'X' or 'N' or 'O' or 'y' or 'Y')
            throw _reader.Error($"\\{(char)_reader.Peek}, which is not supported");
        return Literal(_reader.EscapedCharacter());
    }

    private RegexNode? Group()
    {
        var (ignoreCase, dot) = (_ignoreCase, _dotMatchesNewline);
        bool toEnclosingEnd = false;
        RegexNode? node = null;
        if (!_reader.Take('?')) node = Alternation();
        else if (_reader.Take('#'))
        {
            while (!_reader.AtEnd && _reader.Peek != ')') _reader.Next();
        }
        else if (_reader.Take(':')) node = Alternation();
        else if (_reader.Take('=')) node = new LookaheadNode(Alternation(), false);
        else if (_reader.Take('!')) node = new LookaheadNode(Alternation(), true);
        else if (_reader.Take('>')) node = new AtomicNode(Alternation());
        else if (_reader.Take('<')) node = Named();
        else
        {
            toEnclosingEnd = Options();
            node = Alternation();
        }
        if (!toEnclosingEnd && !_reader.Take(')')) throw _reader.Error("a '(' without its ')'");
        (_ignoreCase, _dotMatchesNewline) = (ignoreCase, dot);
        return node;
    }

    private RegexNode Named()
    {
        if (!_reader.AtEnd && _reader.Peek is '=' or '!') throw _reader.Error("lookbehind, which is not supported");
        while (!_reader.AtEnd && _reader.Peek != '>') _reader.Next();
        if (!_reader.Take('>')) throw _reader.Error("a group's name without its '>'");
        return Alternation();
    }

    // (?i:..) holds in its group (false); (?i) from there to the end of the enclosing one, whose parenthesis is not ours to take (true).
    private bool Options()
    {
        bool on = true;
        while (true)
        {
            switch (_reader.AtEnd ? -1 : _reader.Next())
            {
                case '-': on = false; break;
                case 'i': _ignoreCase = on; break;
                case 'm': _dotMatchesNewline = on; break;
                case ':': return false;
                case ')': return true;
                default: throw _reader.Error("a group of an unknown kind");
            }
        }
    }
}
