using System.Globalization;

namespace Steering.Engine.Tokenization.Reading;

/// <summary>
/// Reads a decimal number as serde_json reads it by default, which is not always to the nearest double: all digits as one whole number, rounded, then scaled by a power
/// of ten, rounded again. The last bit decides between paths of a Unigram model that cost the same but for the order of their pieces.
/// </summary>
internal static class Score
{
    private const int MaxExponent = 308;

    /// <param name="number">A number as JSON has it.</param>
    /// <returns>Infinity if it is too large.</returns>
    public static double Parse(ReadOnlySpan<char> number)
    {
        bool isNegative = number[0] == '-';
        ulong digits = 0;
        int scale = 0, at = isNegative ? 1 : 0;
        bool isFraction = false;
        for (; at < number.Length && number[at] is not ('e' or 'E'); at++)
        {
            if (number[at] == '.')
            {
                isFraction = true;
                continue;
            }
            uint digit = (uint)(number[at] - '0');
            // Digits beyond 64 bits are left out.
            if (digits > (ulong.MaxValue - digit) / 10) scale += isFraction ? 0 : 1;
            else
            {
                digits = (digits * 10) + digit;
                scale -= isFraction ? 1 : 0;
            }
        }
        if (at < number.Length && int.TryParse(number[(at + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int exponent))
            scale = (int)Math.Clamp((long)scale + exponent, -100_000, 100_000);
        double value = digits;
        for (; scale < -MaxExponent && value != 0; scale += MaxExponent) value /= 1e308;
        value = scale >= 0 ? value * Power(scale) : value / Power(-scale);
        return isNegative ? -value : value;
    }

    // 10 to a power, to the nearest double.
    private static double Power(int exponent) => exponent > MaxExponent ? double.PositiveInfinity : double.Parse($"1e{exponent}", CultureInfo.InvariantCulture);
}
