using System.Text.Json;

namespace Steering.Cli.Tests.Fakes;

/// <summary>What a client sent.</summary>
internal sealed record FakeRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>The body, parsed.</summary>
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>A member of the body, or null.</summary>
    public JsonElement? this[string name] => Json.TryGetProperty(name, out var value) ? value : null;
}
