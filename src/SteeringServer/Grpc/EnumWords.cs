using System.Globalization;
using Google.Protobuf.Reflection;

namespace SteeringServer.Grpc;

/// <summary>The HTTP API's lower-case words for enum values: <c>UNIT_TOKEN_NORM</c> is <c>token_norm</c>.</summary>
internal static class EnumWords
{
    private const string Unspecified = "UNSPECIFIED";

    /// <summary>The word of a value; a number this server has no name for stays a number, which no reader takes for a word.</summary>
    public static string WordOf(EnumDescriptor type, int number) => type.FindValueByNumber(number) is { } value
        ? value.Name[Prefix(type).Length..].ToLowerInvariant() : number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The value of a word that the enum has.</summary>
    public static T ValueOf<T>(EnumDescriptor type, string word) where T : struct, Enum => (T)(object)type.FindValueByName(Prefix(type) + word.ToUpperInvariant()).Number;

    // Every value begins with the enum's name, the value 0 is called unspecified: a test holds the .proto files to it.
    private static string Prefix(EnumDescriptor type) => type.FindValueByNumber(0).Name[..^Unspecified.Length];
}
