using System.Text.Json;

namespace SteeringServer.Requests;

/// <summary>Lists of texts in answers.</summary>
internal static class JsonLists
{
    /// <summary>Writes a member that is a list of texts.</summary>
    public static void WriteTexts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
