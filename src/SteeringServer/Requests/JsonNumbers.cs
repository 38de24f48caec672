using System.Text.Json;

namespace SteeringServer.Requests;

/// <summary>Whole numbers in JSON, where 3, 3.0 and 3e0 are the same.</summary>
internal static class JsonNumbers
{
    public static bool TryInt(JsonElement value, out int number)
    {
        bool isLong = TryLong(value, out long wide) && wide is >= int.MinValue and <= int.MaxValue;
        number = isLong ? (int)wide : 0;
        return isLong;
    }

    public static bool TryLong(JsonElement value, out long number)
    {
        number = 0;
        if (value.ValueKind != JsonValueKind.Number) return false;
        if (value.TryGetInt64(out number)) return true;
        if (!value.TryGetDouble(out double real) || real != Math.Floor(real) || Math.Abs(real) > (1L << 53)) return false;
        number = (long)real;
        return true;
    }
}
