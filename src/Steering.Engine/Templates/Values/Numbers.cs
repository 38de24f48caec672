using System.Globalization;
using System.Numerics;

namespace Steering.Engine.Templates;

/// <summary>Python's numbers: bool, integers of any size (long where they fit, else BigInteger) and floats.</summary>
internal static class Numbers
{
    private static readonly BigInteger MaxInteger = BigInteger.Pow(10, TemplateLimits.IntegerDigits);

    public static bool Is(object value) => value is bool or long or BigInteger or double;

    public static bool IsInteger(object value) => value is bool or long or BigInteger;

    public static BigInteger ToBig(object integer) => integer switch
    {
        bool b => b ? BigInteger.One : BigInteger.Zero,
        long number => number,
        _ => (BigInteger)integer,
    };

    public static double ToDouble(object number)
    {
        if (number is double value) return value;
        double converted = number is long integer ? integer : (double)ToBig(number);
        return double.IsInfinity(converted) ? throw new TemplateException("int too large to convert to float") : converted;
    }

    /// <summary>A long where the value fits.</summary>
    public static object Normalise(BigInteger value)
    {
        if (value >= long.MinValue && value <= long.MaxValue) return (long)value;
        return BigInteger.Abs(value) < MaxInteger
            ? value : throw new TemplateException($"an integer would have more than {TemplateLimits.IntegerDigits} digits");
    }

    /// <summary>Negative, zero or positive, or null where one is NaN. Integers and floats compare exactly.</summary>
    public static int? Compare(object left, object right)
    {
        if (left is long a && right is long b) return a.CompareTo(b);
        if (IsInteger(left) && IsInteger(right)) return ToBig(left).CompareTo(ToBig(right));
        if (left is double x && right is double y) return double.IsNaN(x) || double.IsNaN(y) ? null : x.CompareTo(y);
        if (left is not double) return -Compare(right, left);
        double number = (double)left;
        if (double.IsNaN(number)) return null;
        if (double.IsInfinity(number)) return number > 0 ? 1 : -1;
        int whole = new BigInteger(Math.Floor(number)).CompareTo(ToBig(right));
        return whole != 0 || number == Math.Floor(number) ? whole : 1;
    }

    /// <summary>repr() of a float: the shortest digits that give it back, in positional notation from 1e-4 to below 1e16.</summary>
    public static string Repr(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        (string sign, string digits, int point) = ShortestDigits(value);
        if (point is <= -4 or > 16)
        {
            string mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            int exponent = point - 1;
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }
        if (point <= 0) return $"{sign}0.{new string('0', -point)}{digits}";
        return point >= digits.Length ? $"{sign}{digits}{new string('0', point - digits.Length)}.0" : $"{sign}{digits[..point]}.{digits[point..]}";
    }

    /// <summary>A finite value's shortest decimal digits; the decimal point stands before digit number <c>Point</c>.</summary>
    private static (string Sign, string Digits, int Point) ShortestDigits(double value)
    {
        // "R" gives the shortest digits, but in .NET's notation.
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        int exponentAt = shortest.IndexOf('E', StringComparison.Ordinal);
        string mantissa = exponentAt < 0 ? shortest : shortest[..exponentAt];
        int exponent = exponentAt < 0 ? 0 : int.Parse(shortest.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string sign = double.IsNegative(value) ? "-" : "";
        mantissa = mantissa.TrimStart('-');
        int dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        int point = (dot < 0 ? mantissa.Length : dot) + exponent;
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        string significant = digits.TrimStart('0');
        if (significant.Length == 0) return (sign, "0", 1);
        return (sign, significant.TrimEnd('0') is { Length: > 0 } trimmed ? trimmed : "0", point - (digits.Length - significant.Length));
    }

    /// <summary>int(text, base), or null where the text is no integer.</summary>
    public static object? ParseInteger(string text, int radix = 10)
    {
        string body = text[PythonWhitespace.Skip(text, 0)..];
        body = body[..PythonWhitespace.TrimEnd(body)];
        bool negative = body.StartsWith('-');
        if (negative || body.StartsWith('+')) body = body[1..];
        string prefix = body.Length > 1 && body[0] == '0' ? body[..2].ToLowerInvariant() : "";
        int prefixRadix = prefix switch { "0x" => 16, "0o" => 8, "0b" => 2, _ => 0 };
        if (prefixRadix != 0 && (radix == 0 || radix == prefixRadix)) (body, radix) = (body[2..].TrimStart('_'), prefixRadix);
        if (radix == 0) radix = 10;
        if (body.Length is 0 or > TemplateLimits.IntegerDigits) return null;
        if (body.StartsWith('_') || body.EndsWith('_') || body.Contains("__", StringComparison.Ordinal)) return null;
        BigInteger value = BigInteger.Zero;
        foreach (char c in body)
        {
            if (c == '_') continue;
            int digit = char.IsDigit(c) ? (int)char.GetNumericValue(c) : char.IsAsciiLetter(c) ? (c | 0x20) - 'a' + 10 : int.MaxValue;
            if (digit >= radix) return null;
            value = value * radix + digit;
        }
        return Normalise(negative ? -value : value);
    }

    /// <summary>float(text), or null where the text is no number.</summary>
    public static double? ParseFloat(string text)
    {
        string body = text[PythonWhitespace.Skip(text, 0)..];
        body = body[..PythonWhitespace.TrimEnd(body)];
        string word = body.TrimStart('+', '-').ToLowerInvariant();
        if (word is "inf" or "infinity" or "nan" && body.Length - word.Length <= 1)
            return word == "nan" ? double.NaN : body.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
        for (int i = 0; i < body.Length; i++)
            if (body[i] == '_' && (i == 0 || i + 1 == body.Length || !char.IsAsciiDigit(body[i - 1]) || !char.IsAsciiDigit(body[i + 1]))) return null;
        if (body.Length == 0 || !body.AsSpan().ContainsAnyInRange('0', '9')) return null;
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(body.Replace("_", "", StringComparison.Ordinal), Style, CultureInfo.InvariantCulture, out double value) ? value : null;
    }
}
