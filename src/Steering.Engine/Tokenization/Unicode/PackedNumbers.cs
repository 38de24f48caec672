namespace Steering.Engine.Tokenization.Unicode;

/// <summary>Reads the generated tables: base64 of numbers in groups of 7 bits, lowest first.</summary>
internal static class PackedNumbers
{
    public static int[] Read(string packed)
    {
        var numbers = new List<int>();
        int value = 0, shift = 0;
        foreach (byte part in Convert.FromBase64String(packed))
        {
            value |= (part & 127) << shift;
            shift += 7;
            if (part >= 128) continue;
            numbers.Add(value);
            value = shift = 0;
        }
        return [.. numbers];
    }
}
