using System.Text;
using System.Text.Json.Nodes;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

/// <summary>Tokenizers small enough to reason about, one for each kind of model, with two special tokens and one that is not special.</summary>
internal static class TinyTokenizer
{
    private static readonly string[] Merges = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld", "a a", "aa aa"];

    /// <summary>A tokenizer.json for a kind of model.</summary>
    public static JsonObject Json(string kind) => kind switch { "BPE" => Json(), "Unigram" => Unigram(), "WordPiece" => WordPiece(), _ => throw new ArgumentException(kind) };

    /// <summary>Byte-level byte-pair encoding: all bytes and a few merges.</summary>
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

    /// <summary>Unigram with rules for characters (full-width A to A; soft hyphen deleted; two ligatures to their letters) and byte fallback.</summary>
    public static JsonObject Unigram()
    {
        var vocabulary = new JsonArray();
        for (int b = 0; b < 256; b++) vocabulary.Add(Scored($"<0x{b:X2}>", 0));
        (string, double)[] pieces = [("<unk>", 0), ("▁", -2), ("h", -6), ("e", -6), ("l", -6), ("o", -6), ("w", -6), ("r", -6), ("d", -6), ("A", -6), ("hello", -4), ("▁hello", -3), ("▁wor", -5), ("ld", -5)];
        foreach (var (piece, score) in pieces) vocabulary.Add(Scored(piece, score));
        var json = Json();
        json["model"] = new JsonObject { ["type"] = "Unigram", ["unk_id"] = 256, ["byte_fallback"] = true, ["vocab"] = vocabulary };
        json["normalizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray(new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Rules() }, new JsonObject { ["type"] = "NFKC" }),
        };
        json["pre_tokenizer"] = Metaspace();
        json["decoder"] = new JsonObject { ["type"] = "Sequence", ["decoders"] = new JsonArray(new JsonObject { ["type"] = "ByteFallback" }, Metaspace()) };
        Renumber(json, vocabulary.Count);
        return json;

        static JsonArray Scored(string piece, double score) => new(piece, score);
        static JsonObject Metaspace() => new() { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = "always", ["split"] = true };
    }

    /// <summary>WordPiece with all of BERT's parts.</summary>
    public static JsonObject WordPiece()
    {
        var vocabulary = new JsonObject();
        foreach (string piece in (string[])["[UNK]", "h", "hello", "##l", "##lo", "wor", "##ld", "!", ",", "'", "s"]) vocabulary[piece] = vocabulary.Count;
        var json = Json();
        json["model"] = new JsonObject { ["type"] = "WordPiece", ["unk_token"] = "[UNK]", ["continuing_subword_prefix"] = "##", ["max_input_chars_per_word"] = 100, ["vocab"] = vocabulary };
        json["normalizer"] = new JsonObject { ["type"] = "BertNormalizer", ["clean_text"] = true, ["handle_chinese_chars"] = true, ["strip_accents"] = null, ["lowercase"] = true };
        json["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" };
        json["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = "##", ["cleanup"] = true };
        Renumber(json, vocabulary.Count);
        return json;
    }

    // The added tokens come after another number of pieces.
    private static void Renumber(JsonObject json, int next)
    {
        foreach (var token in json["added_tokens"]!.AsArray()) token!["id"] = next++;
        json["post_processor"]!["special_tokens"]!["<|start|>"]!["ids"]![0] = json["added_tokens"]![0]!["id"]!.GetValue<int>();
    }

    /// <summary>Rules for single characters as SentencePiece writes them: a double array over their UTF-8, then the replacements.</summary>
    public static string Rules(params (string Character, string Replacement)[] rules)
    {
        if (rules.Length == 0) rules = [("Ａ", "A"), ("\u00AD", ""), ("ﬁ", "fi"), ("ﬂ", "fl")];
        // Children of the n-th node lie at 512 n ^ label, far enough apart that no two nodes share a place.
        var nodes = new Dictionary<string, uint> { [""] = 1 };
        var replacements = new MemoryStream();
        var units = new uint[512 * 64];
        units[0] = 512 << 10;
        foreach (var (character, replacement) in rules)
        {
            byte[] key = System.Text.Encoding.UTF8.GetBytes(character);
            for (int i = 0; i < key.Length; i++)
            {
                string path = Convert.ToHexString(key, 0, i), next = Convert.ToHexString(key, 0, i + 1);
                if (!nodes.TryGetValue(next, out uint node)) nodes[next] = node = (uint)nodes.Count + 1;
                uint at = (512 * nodes[path]) ^ key[i], children = 512 * node;
                units[at] = ((at ^ children) << 10) | (i == key.Length - 1 ? 0x100u : 0) | key[i];
                if (i == key.Length - 1) units[children] = 0x80000000 | (uint)replacements.Length;
            }
            replacements.Write(System.Text.Encoding.UTF8.GetBytes(replacement + "\0"));
        }
        byte[] trie = [.. units.SelectMany(BitConverter.GetBytes)];
        return Convert.ToBase64String([.. BitConverter.GetBytes(trie.Length), .. trie, .. replacements.ToArray()]);
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
