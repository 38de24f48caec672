using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Steering.Engine.Templates;

namespace Steering.Tests.Templates;

/// <summary>The templates of real models: every case renders to the byte what transformers renders.</summary>
public class ChatTemplateReferenceTests
{
    private const string Absent = "(no reference data)";

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        string? root = Repository.SharedOrNull("data", "chat-templates");
        if (root is null) cases.Add(Absent, "");
        else
            foreach (string file in Directory.EnumerateFiles(root, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                if (Path.GetFileName(Path.GetDirectoryName(file)) == "cases")
                    cases.Add(Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file)))!, Path.GetFileNameWithoutExtension(file));
        return cases;
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void A_model_s_template_renders_as_transformers_does(string model, string name)
    {
        string folder = Repository.Shared("data", "chat-templates");
        if (model == Absent) return;
        (ChatTemplate template, TemplateInput input) = Load(Path.Combine(folder, model), name);

        string rendered = template.Render(input);

        Assert.Equal(File.ReadAllText(Path.Combine(folder, model, "expected", name + ".txt")), rendered);
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void The_contents_of_a_model_s_chat_are_found_in_its_rendering(string model, string name)
    {
        string folder = Repository.Shared("data", "chat-templates");
        if (model == Absent) return;
        (ChatTemplate template, TemplateInput input) = Load(Path.Combine(folder, model), name);

        RenderedChat chat = ContentSpans.RenderWithSpans(template, input);

        ImmutableArray<(int Start, int End)> spans = Assert.NotNull(chat.Spans);
        string[] contents = [.. input.Messages.Select(m => m!["content"]?.GetValue<string>().Trim()).OfType<string>().Where(c => c.Length > 0)];
        Assert.Equal(contents.Order(StringComparer.Ordinal), spans.Select(s => chat.Text[s.Start..s.End].Trim()).Order(StringComparer.Ordinal));
    }

    private static (ChatTemplate Template, TemplateInput Input) Load(string folder, string name)
    {
        JsonObject config = ReadObject(Path.Combine(folder, "tokenizer_config.json"));
        JsonObject meta = ReadObject(Path.Combine(folder, "meta.json"));
        JsonObject test = ReadObject(Path.Combine(folder, "cases", name + ".json"));
        var input = (JsonObject)test["input"]!.DeepClone();

        string templateName = test["template_name"]?.GetValue<string>() ?? "default";
        string jinja = config["chat_template"] is JsonArray named
            ? named.First(t => t!["name"]!.GetValue<string>() == templateName)!["template"]!.GetValue<string>()
            : config["chat_template"]!.GetValue<string>();
        var tokens = new Dictionary<string, string>();
        foreach (var (key, value) in config)
            if (key.EndsWith("_token", StringComparison.Ordinal) && TokenText(value) is { } text) tokens[key] = text;

        JsonArray? messages = Take(input, "messages");
        JsonArray? tools = Take(input, "tools");
        JsonArray? documents = Take(input, "documents");
        bool addGenerationPrompt = input["add_generation_prompt"]?.GetValue<bool>() ?? false;
        input.Remove("add_generation_prompt");
        long? pinned = meta["clock_unix_secs"]?.GetValue<long>();
        return (ChatTemplate.Parse(jinja, Path.GetFileName(folder)), new TemplateInput
        {
            Messages = messages!,
            Tools = tools,
            Documents = documents,
            AddGenerationPrompt = addGenerationPrompt,
            SpecialTokens = tokens,
            Extra = input,
            Clock = pinned is { } seconds ? new PinnedClock(DateTimeOffset.FromUnixTimeSeconds(seconds)) : TimeProvider.System,
        });
    }

    private static JsonArray? Take(JsonObject input, string name)
    {
        var value = (JsonArray?)input[name];
        input.Remove(name);
        return value;
    }

    private static string? TokenText(JsonNode? token) => token switch
    {
        JsonObject added => added["content"]?.GetValue<string>(),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => null,
    };

    private static JsonObject ReadObject(string path) => (JsonObject)JsonNode.Parse(File.ReadAllBytes(path))!;
}
