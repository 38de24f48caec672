using System.Globalization;
using System.Numerics;

namespace Steering.Engine.Templates;

/// <summary>The format of one value, <c>[[fill]align][sign][#][0][width][,][.precision][type]</c>, shared by str.format and the % operator.</summary>
internal sealed record FormatSpec
{
    public string Fill { get; init; } = " ";

    /// <summary>'&lt;', '&gt;', '^' or '=', or NUL for the type's own.</summary>
    public char Align { get; init; }

    public char Sign { get; init; } = '-';

    public bool Alternate { get; init; }

    public int Width { get; init; }

    public char Grouping { get; init; }

    public int? Precision { get; init; }

    public char Type { get; init; }

    public static FormatSpec Parse(string spec)
    {
        var result = new FormatSpec();
        int at = 0;
        int first = spec.Length > 0 ? CodePoints.SizeAt(spec, 0) : 0;
        if (spec.Length > first && spec[first] is '<' or '>' or '^' or '=')
        {
            result = result with { Fill = spec[..first], Align = spec[first] };
            at = first + 1;
        }
        else if (spec.Length > 0 && spec[0] is '<' or '>' or '^' or '=')
        {
            result = result with { Align = spec[at++] };
        }
        if (at < spec.Length && spec[at] is '+' or '-' or ' ') result = result with { Sign = spec[at++] };
        if (at < spec.Length && spec[at] == '#') (result, at) = (result with { Alternate = true }, at + 1);
        if (at < spec.Length && spec[at] == '0' && result.Align == '\0') (result, at) = (result with { Fill = "0", Align = '=' }, at + 1);
        result = result with { Width = Digits(spec, ref at) ?? 0 };
        if (at < spec.Length && spec[at] is ',' or '_') result = result with { Grouping = spec[at++] };
        if (at < spec.Length && spec[at] == '.')
        {
            at++;
            result = result with { Precision = Digits(spec, ref at) ?? throw new TemplateException("Format specifier missing precision") };
        }
        if (at < spec.Length) result = result with { Type = spec[at++] };
        return at == spec.Length ? result : throw new TemplateException($"Invalid format specifier '{spec}'");
    }

    public string Apply(Execution execution, object value)
    {
        execution.CheckLength(Width);
        if (Numbers.IsInteger(value) && (value is not bool || Type != '\0'))
        {
            if (Type is '\0' or 'd' or 'n' or 'x' or 'X' or 'o' or 'b')
                return PadNumber(Numbers.ToBig(value).Sign < 0, Integer(BigInteger.Abs(Numbers.ToBig(value))));
            if (Type == 'c' && Expect.Int(value) is var code)
                return code is (>= 0 and < 0xD800) or (> 0xDFFF and <= 0x10FFFF)
                    ? PadText(char.ConvertFromUtf32(code)) : throw new TemplateException("%c arg is no character");
        }
        if (value is double || (Numbers.IsInteger(value) && Type is 'f' or 'F' or '%' or 'e' or 'E' or 'g' or 'G'))
        {
            double number = Numbers.ToDouble(value);
            return PadNumber(double.IsNegative(number) && !double.IsNaN(number), Float(Math.Abs(number)));
        }
        if (Type is not ('\0' or 's')) throw new TemplateException($"Unknown format code '{Type}' for object of type '{TypeName.Of(value)}'");
        string text = Text.Of(execution, value);
        return PadText(Precision is { } max ? text[..CodePoints.OffsetOf(text, max)] : text);
    }

    private static int? Digits(string spec, ref int at)
    {
        int start = at;
        while (at < spec.Length && char.IsAsciiDigit(spec[at])) at++;
        if (at == start) return null;
        return int.TryParse(spec.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number : throw new TemplateException("Too many decimal digits in format string");
    }

    private string Integer(BigInteger value)
    {
        string prefix = Alternate ? Type switch { 'x' => "0x", 'X' => "0X", 'o' => "0o", 'b' => "0b", _ => "" } : "";
        int radix = Type switch { 'x' or 'X' => 16, 'o' => 8, 'b' => 2, _ => 10 };
        if (radix == 10) return Group(value.ToString(CultureInfo.InvariantCulture), 3);
        string digits = value.IsZero ? "0" : "";
        for (; !value.IsZero; value /= radix) digits = "0123456789abcdef"[(int)(value % radix)] + digits;
        return prefix + Group(Type == 'X' ? digits.ToUpperInvariant() : digits, 4);
    }

    private string Float(double value)
    {
        if (!double.IsFinite(value)) return double.IsNaN(value) ? "nan" : "inf";
        switch (Type)
        {
            case 'f' or 'F': return Group(DecimalDigits.Fixed(value, Precision ?? 6), 3);
            case '%': return Group(DecimalDigits.Fixed(value * 100, Precision ?? 6), 3) + "%";
            case '\0' when Precision is null: return Group(Numbers.Repr(value), 3);
            case 'e' or 'E':
                if (Precision > 100) throw new TemplateException("precision too big");
                return value.ToString(FormattableString.Invariant($"0.{new string('0', Precision ?? 6)}{Type}+00"), CultureInfo.InvariantCulture);
            default: throw new TemplateException($"the format code '{Type}' for floats is not supported");
        }
    }

    private string Group(string digits, int size)
    {
        if (Grouping == '\0') return digits;
        int whole = digits.AsSpan().IndexOfAnyExceptInRange('0', 'f') is var end && end >= 0 ? end : digits.Length;
        for (int at = whole - size; at > 0; at -= size) digits = digits.Insert(at, Grouping.ToString());
        return digits;
    }

    private string PadNumber(bool negative, string digits)
    {
        string sign = negative ? "-" : Sign == '-' ? "" : Sign.ToString();
        return Align switch
        {
            '=' => sign + Repeat(Width - sign.Length - digits.Length) + digits,
            '\0' => Repeat(Width - sign.Length - digits.Length) + sign + digits,
            _ => PadText(sign + digits),
        };
    }

    private string PadText(string text)
    {
        int missing = Width - CodePoints.Count(text);
        return Align switch
        {
            '>' => Repeat(missing) + text,
            '^' => Repeat(missing / 2) + text + Repeat(missing - missing / 2),
            '=' when Fill != "0" => throw new TemplateException("'=' alignment not allowed in string format specifier"),
            _ => text + Repeat(missing),
        };
    }

    private string Repeat(int count) => count <= 0 ? "" : string.Concat(Enumerable.Repeat(Fill, count));
}
