using System.Globalization;
using System.Numerics;

namespace Steering.Engine.Templates;

/// <summary>
/// Floats rounded to decimal digits exactly: the binary value itself is rounded, halves to even, as CPython does. .NET rounds halves away from
/// zero.
/// </summary>
internal static class DecimalDigits
{
    // Further digits of a double are zeros, and none is larger than 1.8e308.
    private const int MaxDigits = 1100;

    /// <summary>The value with <paramref name="digits"/> digits after the point, without exponent; finite values only.</summary>
    public static string Fixed(double value, int digits)
    {
        if (digits > MaxDigits) throw new TemplateException("precision too big");
        string text = Scaled(value, digits).ToString(CultureInfo.InvariantCulture).PadLeft(digits + 1, '0');
        string whole = text[..^digits];
        string sign = double.IsNegative(value) ? "-" : "";
        return digits == 0 ? sign + whole : $"{sign}{whole}.{text[^digits..]}";
    }

    /// <summary>round(value, digits); negative digits round before the point.</summary>
    public static double Round(double value, int digits)
    {
        if (!double.IsFinite(value) || digits > 330) return value;
        if (digits < -330) return Math.CopySign(0, value);
        string text = FormattableString.Invariant($"{Scaled(value, digits)}e{-digits}");
        return Math.CopySign(double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture), value);
    }

    /// <summary>round(value, digits) of an integer: only negative digits change it.</summary>
    public static BigInteger Round(BigInteger value, int digits)
    {
        if (digits >= 0) return value;
        if (digits < -TemplateLimits.IntegerDigits) return BigInteger.Zero;
        BigInteger unit = BigInteger.Pow(10, -digits);
        BigInteger rounded = Divide(BigInteger.Abs(value), unit) * unit;
        return value.Sign < 0 ? -rounded : rounded;
    }

    /// <summary>|value| * 10^digits as an integer, halves to even.</summary>
    private static BigInteger Scaled(double value, int digits)
    {
        long bits = BitConverter.DoubleToInt64Bits(Math.Abs(value));
        int exponent = (int)(bits >> 52);
        BigInteger numerator = exponent == 0 ? bits : (bits & 0xFFFFFFFFFFFFF) | 0x10000000000000;
        int power = Math.Max(exponent, 1) - 1075;
        BigInteger denominator = BigInteger.One;
        if (power > 0) numerator <<= power;
        else denominator <<= -power;
        if (digits >= 0) numerator *= BigInteger.Pow(10, digits);
        else denominator *= BigInteger.Pow(10, -digits);
        return Divide(numerator, denominator);
    }

    private static BigInteger Divide(BigInteger numerator, BigInteger denominator)
    {
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger remainder);
        int half = (remainder * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
