using System.Text;
using System.Text.Json.Nodes;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

/// <summary>A byte-level tokenizer small enough to reason about: all bytes, a few merges, two special tokens and one that is not special.</summary>
internal static class TinyTokenizer
{
    private static readonly string[] Merges = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld", "a a", "aa aa"];

    public static JsonObject Json()
    {
        var vocabulary = new JsonObject();
        for (int b = 0; b < 256; b++) vocabulary[char.ConvertFromUtf32(Letter(b))] = b;
        foreach (string merge in Merges) vocabulary[merge.Replace(" ", "", StringComparison.Ordinal)] = vocabulary.Count;
        int next = vocabulary.Count;
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(
                Added(next, "<|start|>", special: true), Added(next + 1, "<|start|>now", special: true), Added(next + 2, "<tool>", special: false)),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = true },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(
                    new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = "<|start|>", ["type_id"] = 0 } },
                    new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } }),
                ["pair"] = new JsonArray(),
                ["special_tokens"] = new JsonObject
                {
                    ["<|start|>"] = new JsonObject { ["id"] = "<|start|>", ["ids"] = new JsonArray(next), ["tokens"] = new JsonArray("<|start|>") },
                },
            },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null, ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false, ["byte_fallback"] = false, ["ignore_merges"] = false, ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. Merges.Select(m => (JsonNode)m)]),
            },
        };
    }

    public static Tokenizer Create(Action<JsonObject>? change = null)
    {
        var json = Json();
        change?.Invoke(json);
        return Parse(json);
    }

    public static Tokenizer Parse(JsonNode? json) => Tokenizer.Parse(System.Text.Encoding.UTF8.GetBytes(json?.ToJsonString() ?? "null"), "tiny.json");

    /// <summary>A pre-tokenizer that cuts at the matches of a regular expression and then writes bytes as letters.</summary>
    public static JsonObject Split(string pattern, string behaviour = "Isolated", bool invert = false) => new()
    {
        ["type"] = "Sequence",
        ["pretokenizers"] = new JsonArray(
            new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = behaviour, ["invert"] = invert },
            new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false }),
    };

    public static JsonObject Added(int id, string content, bool special) => new()
    {
        ["id"] = id, ["content"] = content, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = special,
    };

    private static int Letter(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? b : b < '!' ? 256 + b : b <= 0xA0 ? 256 + 33 + b - 0x7F : 256 + 67;
}
