using System.Text.Json.Nodes;

namespace Steering.Engine.Templates;

/// <summary>What a chat template is rendered with: the arguments of <c>apply_chat_template</c>. Nothing in it is changed by rendering.</summary>
public sealed record TemplateInput
{
    /// <summary>The conversation: objects with <c>role</c> and <c>content</c>, as the template expects them.</summary>
    public required JsonArray Messages { get; init; }

    /// <summary>JSON schemas of the tools; null is Python's None.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Documents for retrieval; null is Python's None.</summary>
    public JsonArray? Documents { get; init; }

    public bool AddGenerationPrompt { get; init; }

    /// <summary>Special tokens by their names in tokenizer_config.json: <c>bos_token</c>, <c>eos_token</c>, ...</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; init; } = new Dictionary<string, string>();

    /// <summary>Further variables (<c>chat_template_kwargs</c>, such as <c>enable_thinking</c>); they take precedence over special tokens.</summary>
    public JsonObject? Extra { get; init; }

    /// <summary>The clock of <c>strftime_now</c>, read in its local time zone.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
