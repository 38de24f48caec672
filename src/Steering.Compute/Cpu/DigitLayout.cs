namespace Steering.Compute.Cpu;

/// <summary>
/// Where the parts of a quantised row lie, group by group of its inputs: a header, then as many planes of signed bytes as there are digits, the highest first. x = scale * (digit0 * 256^(n-1) + ... + digit(n-1)).
/// Products of digits and integer weights are exact, whatever the instruction set.
/// </summary>
/// <param name="GroupLength">Inputs that share a scale: those of the weights.</param>
/// <param name="Digits">3 in exact numerics: 24 bits, the precision of f32 at the group's largest value; 1 in fast numerics.</param>
internal readonly record struct DigitLayout(int GroupLength, int Digits)
{
    /// <summary>f32: scale of the sum of all digits but the first (of the only one).</summary>
    public const int Scale = 0;

    /// <summary>f32: scale of the first of three digits.</summary>
    public const int HighScale = 4;

    /// <summary>f32: sum of the group's values.</summary>
    public int Sum => Digits == 1 ? 4 : 8;

    /// <summary>int32 for every digit: what its sum of products starts from, minus the weights' zero point times the digits' sum.</summary>
    public int Start(int digit) => Sum + 4 + 4 * digit;

    /// <summary>Four inputs of a digit.</summary>
    public int Four(int digit, int step) => Start(Digits) + digit * GroupLength + 4 * step;

    public int Bytes => Four(Digits, 0);
}
