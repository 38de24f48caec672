using System.Collections.Immutable;
using System.Text.Json;

namespace Steering.Engine.Loading;

/// <summary>What tokenizer_config.json and chat_template.jinja say: chat templates, and the names of special tokens that templates use.</summary>
public sealed record TokenizerSettings
{
    /// <summary>The template for conversations; null if the model has none. A file chat_template.jinja comes before tokenizer_config.json.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Templates by name, where the model has several (<c>default</c>, <c>tool_use</c>); empty otherwise.</summary>
    public ImmutableSortedDictionary<string, string> NamedTemplates { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public string? BosToken { get; init; }
    public string? EosToken { get; init; }
    public string? PadToken { get; init; }
    public string? UnkToken { get; init; }

    /// <summary>Null where the file leaves it to the tokenizer.</summary>
    public bool? AddBosToken { get; init; }

    /// <summary>The special tokens by the names templates know them by (<c>bos_token</c>); those that the model lacks are absent.</summary>
    public ImmutableSortedDictionary<string, string> SpecialTokens
    {
        get
        {
            (string Name, string? Token)[] tokens = [("bos_token", BosToken), ("eos_token", EosToken), ("pad_token", PadToken), ("unk_token", UnkToken)];
            return tokens.Where(token => token.Token is not null).ToImmutableSortedDictionary(token => token.Name, token => token.Token!, StringComparer.Ordinal);
        }
    }

    /// <summary>Reads a model folder; files that are absent say nothing.</summary>
    /// <exception cref="ModelFormatException">One of the files is malformed.</exception>
    public static TokenizerSettings Load(string folder)
    {
        string configPath = Path.Combine(folder, "tokenizer_config.json"), templatePath = Path.Combine(folder, "chat_template.jinja");
        var settings = File.Exists(configPath) ? ReadConfig(configPath) : new TokenizerSettings();
        return File.Exists(templatePath) ? settings with { ChatTemplate = JsonDocumentFile.ReadText(templatePath) } : settings;
    }

    private static TokenizerSettings ReadConfig(string path)
    {
        using var file = JsonDocumentFile.Read(path);
        var config = file.Root;
        var named = NamedTemplatesOf(config);
        return new TokenizerSettings
        {
            ChatTemplate = named is null ? config.String("chat_template") : named.GetValueOrDefault("default"),
            NamedTemplates = named ?? ImmutableSortedDictionary<string, string>.Empty,
            BosToken = Token(config, "bos_token"),
            EosToken = Token(config, "eos_token"),
            PadToken = Token(config, "pad_token"),
            UnkToken = Token(config, "unk_token"),
            AddBosToken = config.Bool("add_bos_token"),
        };
    }

    // [{ "name": "default", "template": "..." }, ...]
    private static ImmutableSortedDictionary<string, string>? NamedTemplatesOf(JsonSection config)
    {
        if (!config.TryGet("chat_template", out var value) || value.ValueKind != JsonValueKind.Array) return null;
        var templates = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        int index = 0;
        foreach (var item in value.EnumerateArray())
        {
            string path = $"chat_template[{index++}]";
            if (item.ValueKind != JsonValueKind.Object) throw config.Error(path, "must be an object with name and template");
            var section = new JsonSection(config.File, path, item);
            string name = section.String("name") ?? throw section.Error("name", "is missing");
            templates[name] = section.String("template") ?? throw section.Error("template", "is missing");
        }
        return templates.ToImmutable();
    }

    // "<s>", or { "content": "<s>", ... }
    private static string? Token(JsonSection config, string name) =>
        config.TryGet(name, out var value) && value.ValueKind == JsonValueKind.Object ? config.RequireSection(name).String("content") ?? throw config.Error(name, "has no content") : config.String(name);
}
