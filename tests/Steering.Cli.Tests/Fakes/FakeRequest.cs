using System.Text;
using System.Text.Json;

namespace Steering.Cli.Tests.Fakes;

/// <summary>What a client sent.</summary>
internal sealed record FakeRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Bytes)
{
    public string Body => Encoding.UTF8.GetString(Bytes);

    /// <summary>The body, parsed.</summary>
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>A member of the body, or null.</summary>
    public JsonElement? this[string name] => Json.TryGetProperty(name, out var value) ? value : null;

    /// <summary>The parts of a form, in order.</summary>
    public IReadOnlyList<FormPart> Parts
    {
        get
        {
            string boundary = Headers["Content-Type"].Split("boundary=")[1].Trim('"');
            // Latin-1 keeps every byte as one character.
            string[] parts = Encoding.Latin1.GetString(Bytes).Split($"--{boundary}");
            return [.. parts[1..^1].Select(part => part.Split("\r\n\r\n", 2)).Select(part => new FormPart(part[0].Trim(), Encoding.Latin1.GetBytes(part[1][..^2])))];
        }
    }
}

/// <summary>One field or file of a form.</summary>
/// <param name="Headers">As they were sent.</param>
internal sealed record FormPart(string Headers, byte[] Bytes)
{
    public string Name => Headers.Split("name=")[1].Split(';', '\r')[0].Trim('"');

    public string Text => Encoding.UTF8.GetString(Bytes);
}
