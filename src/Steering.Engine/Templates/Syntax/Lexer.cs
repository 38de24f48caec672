using System.Text;

namespace Steering.Engine.Templates;

/// <summary>
/// Splits a template into tokens by the rules of jinja2.lexer with trim_blocks and lstrip_blocks set and keep_trailing_newline unset,
/// which is how transformers sets up its environment. Whitespace control happens here, so the parser sees final template data.
/// </summary>
internal sealed class Lexer
{
    // Longest first, as the reference sorts them.
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private readonly Stack<char> _brackets = [];
    private int _position;
    private int _line = 1;

    // Whether the last token ended with a newline: whitespace before a block is then the start of a line.
    private bool _lineStarting = true;

    private Lexer(string source) => _source = source;

    public static List<Token> Tokenize(string source)
    {
        string text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (text.EndsWith('\n')) text = text[..^1];
        var lexer = new Lexer(text);
        lexer.ReadTemplate();
        lexer._tokens.Add(new Token(TokenKind.End, "", lexer._line));
        return lexer._tokens;
    }

    private void ReadTemplate()
    {
        while (_position < _source.Length)
        {
            int tag = FindTag(_position);
            if (tag < 0)
            {
                AddData(_source[_position..]);
                Advance(_source.Length);
                return;
            }
            int bodyStart = tag + 2;
            char sign = bodyStart < _source.Length && _source[bodyStart] is '-' or '+' ? _source[bodyStart++] : '\0';
            char kind = _source[tag + 1];
            int rawEnd = kind == '%' ? RawBeginEnd(bodyStart) : -1;
            AddData(StripBefore(_source[_position..tag], sign, mayStripLine: kind != '{'));
            if (rawEnd >= 0)
            {
                Advance(rawEnd);
                ReadRaw();
                continue;
            }
            Advance(tag);
            int line = _line;
            Advance(bodyStart);
            switch (kind)
            {
                case '#':
                    ReadComment();
                    break;
                case '%':
                    _tokens.Add(new Token(TokenKind.BlockBegin, "{%", line));
                    ReadTag(TokenKind.BlockEnd);
                    break;
                default:
                    _tokens.Add(new Token(TokenKind.VariableBegin, "{{", line));
                    ReadTag(TokenKind.VariableEnd);
                    break;
            }
        }
    }

    private int FindTag(int from)
    {
        for (int i = _source.IndexOf('{', from); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
            if (_source[i + 1] is '{' or '%' or '#') return i;
        return -1;
    }

    /// <summary>Applies '-' (all whitespace goes) or lstrip_blocks (whitespace between the line's start and a block goes, unless '+').</summary>
    private string StripBefore(string text, char sign, bool mayStripLine)
    {
        if (sign == '-') return text[..PythonWhitespace.TrimEnd(text)];
        if (sign == '+' || !mayStripLine) return text;
        int lineStart = text.LastIndexOf('\n') + 1;
        bool strips = (lineStart > 0 || _lineStarting) && lineStart < text.Length && PythonWhitespace.All(text.AsSpan(lineStart));
        return strips ? text[..lineStart] : text;
    }

    /// <summary>The position after <c>{% raw %}</c> when the tag at hand is one, else -1. trim_blocks does not apply to it.</summary>
    private int RawBeginEnd(int bodyStart)
    {
        int at = SkipWord(bodyStart, "raw");
        if (at < 0) return -1;
        if (Matches(at, "%}")) return at + 2;
        return Matches(at, "-%}") ? PythonWhitespace.Skip(_source, at + 3) : -1;
    }

    private int SkipWord(int from, string word)
    {
        int at = PythonWhitespace.Skip(_source, from);
        return Matches(at, word) ? PythonWhitespace.Skip(_source, at + word.Length) : -1;
    }

    private void ReadRaw()
    {
        for (int tag = _source.IndexOf("{%", _position, StringComparison.Ordinal); tag >= 0; tag = _source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            int body = tag + 2;
            char sign = body < _source.Length && _source[body] is '-' or '+' ? _source[body++] : '\0';
            int at = SkipWord(body, "endraw");
            int end = at < 0 ? -1 : TagEnd(at, "%}", isBlock: true);
            if (end < 0) continue;
            AddData(StripBefore(_source[_position..tag], sign, mayStripLine: true));
            Advance(end);
            return;
        }
        if (_position < _source.Length) throw Error("missing end of raw directive"); // the reference lets an opening tag pass as the very last thing
    }

    private void ReadComment()
    {
        int close = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (close < 0 && _position == _source.Length) return;
        if (close < 0) throw Error("missing end of comment tag");
        int from = close > _position && _source[close - 1] is '-' or '+' ? close - 1 : close;
        Advance(TagEnd(from, "#}", isBlock: true));
    }

    /// <summary>The position after a closing delimiter at <paramref name="at"/> with what it swallows, else -1.</summary>
    private int TagEnd(int at, string delimiter, bool isBlock)
    {
        if (Matches(at, delimiter))
        {
            int end = at + 2;
            return isBlock && end < _source.Length && _source[end] == '\n' ? end + 1 : end;
        }
        if (at >= _source.Length || !Matches(at + 1, delimiter)) return -1;
        if (_source[at] == '-') return PythonWhitespace.Skip(_source, at + 3);
        return _source[at] == '+' && isBlock ? at + 3 : -1;
    }

    private void ReadTag(TokenKind endKind)
    {
        bool isBlock = endKind == TokenKind.BlockEnd;
        while (true)
        {
            if (_position >= _source.Length) return; // the parser reports what is missing
            int end = _brackets.Count == 0 ? TagEnd(_position, isBlock ? "%}" : "}}", isBlock) : -1;
            if (end >= 0)
            {
                _tokens.Add(new Token(endKind, "", _line));
                Advance(end);
                return;
            }
            char c = _source[_position];
            if (PythonWhitespace.Is(c)) Advance(PythonWhitespace.Skip(_source, _position));
            else if (char.IsAsciiDigit(c)) ReadNumber();
            else if (IsWord(_position)) ReadName();
            else if (c is '\'' or '"') ReadString(c);
            else ReadOperator();
        }
    }

    private void ReadNumber()
    {
        bool afterDot = _position > 0 && _source[_position - 1] == '.';
        (int end, object value) = NumberLiteral.Read(_source, _position, allowFloat: !afterDot);
        _tokens.Add(new Token(value is double ? TokenKind.Float : TokenKind.Integer, _source[_position..end], _line, value));
        Advance(end);
    }

    private bool IsWord(int at) => _source[at] == '_' || (Rune.TryGetRuneAt(_source, at, out Rune rune) && Rune.IsLetterOrDigit(rune));

    private void ReadName()
    {
        int end = _position;
        while (end < _source.Length && IsWord(end)) end += char.IsHighSurrogate(_source[end]) ? 2 : 1;
        _tokens.Add(new Token(TokenKind.Name, _source[_position..end], _line));
        Advance(end);
    }

    private void ReadString(char quote)
    {
        int end = _position + 1;
        while (end < _source.Length && _source[end] != quote) end += _source[end] == '\\' ? 2 : 1;
        if (end >= _source.Length) throw Error($"unexpected char {quote}: the string does not end");
        string value = StringLiteral.Unescape(_source.AsSpan(_position + 1, end - _position - 1), _line);
        _tokens.Add(new Token(TokenKind.String, value, _line));
        Advance(end + 1);
    }

    private void ReadOperator()
    {
        string? found = Array.Find(Operators, o => Matches(_position, o));
        if (found is null) throw Error($"unexpected char '{_source[_position]}'");
        switch (found[0])
        {
            case '(': _brackets.Push(')'); break;
            case '[': _brackets.Push(']'); break;
            case '{': _brackets.Push('}'); break;
            case ')' or ']' or '}':
                if (!_brackets.TryPop(out char expected)) throw Error($"unexpected '{found}'");
                if (expected != found[0]) throw Error($"unexpected '{found}', expected '{expected}'");
                break;
        }
        _tokens.Add(new Token(TokenKind.Operator, found, _line));
        Advance(_position + found.Length);
    }

    private bool Matches(int at, string text) => at >= 0 && at < _source.Length && _source.AsSpan(at).StartsWith(text, StringComparison.Ordinal);

    private void AddData(string text)
    {
        if (text.Length > 0) _tokens.Add(new Token(TokenKind.Data, text, _line));
    }

    private void Advance(int to)
    {
        if (to > _position) _lineStarting = _source[to - 1] == '\n';
        _line += _source.AsSpan(_position, to - _position).Count('\n');
        _position = to;
    }

    private TemplateException Error(string message) => new($"line {_line}: {message}", _line);
}
