using System.Text.Json.Nodes;
using Steering.Engine.Templates;

namespace Steering.Tests.Templates;

/// <summary>Renders small templates with variables given as JSON.</summary>
internal static class TemplateText
{
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
