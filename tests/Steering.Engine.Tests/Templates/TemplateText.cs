using System.Text.Json.Nodes;
using Steering.Engine.Templates;

namespace Steering.Tests.Templates;

/// <summary>Renders small templates with variables given as JSON.</summary>
internal static class TemplateText
{
    /// <summary>What expectations refer to: numbers, strings, a mapping, messages, a tree.</summary>
    public const string Variables = """
        {"a": [1, 2, 3],
        "d": {"x": 1, "y": [1, 2], "items": "own"}, "s": " Hello Wörld ", "u": "a😀b😀", "n": null, "big": 123456789012345678901234567890, "ctx": "CTX",
        "ms": [{"role": "user", "content": "hi", "n": 2}, {"role": "assistant", "content": "Yo", "n": 1}, {"role": "user", "content": "Bye", "n": 3}],
        "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}]}
        """;

    public static string Render(string jinja, string variables = "{}", TemplateLimits? limits = null) =>
        ChatTemplate.Parse(jinja, "test", limits).Render(Input("[]", variables));

    public static TemplateException Failure(string jinja, string variables = "{}", TemplateLimits? limits = null) =>
        Assert.Throws<TemplateException>(() => Render(jinja, variables, limits));

    public static TemplateInput Input(string messages, string extra = "{}") => new()
    {
        Messages = (JsonArray)JsonNode.Parse(messages)!,
        Extra = (JsonObject)JsonNode.Parse(extra)!,
        Clock = new PinnedClock(new DateTimeOffset(2024, 7, 4, 3, 5, 9, TimeSpan.Zero)),
    };
}
