using System.Globalization;
using System.Text.Json.Nodes;
using Steering.Engine.Loading;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

public class HostileTokenizerTests
{
    private static byte[] Good(string kind) => System.Text.Encoding.UTF8.GetBytes(Small(kind).ToJsonString());

    // Without the rules for characters, which are long; what may be wrong with those has tests of its own.
    private static JsonObject Small(string kind)
    {
        var json = TinyTokenizer.Json(kind);
        if (kind == "Unigram") json["normalizer"] = null;
        return json;
    }

    // Either it loads, and then encodes and decodes, or it is refused by the one exception for that.
    private static void LoadOrRefuse(ReadOnlyMemory<byte> json)
    {
        Tokenizer tokenizer;
        try
        {
            tokenizer = Tokenizer.Parse(json, "hostile.json");
        }
        catch (ModelFormatException e)
        {
            Assert.StartsWith("hostile.json: ", e.Message, StringComparison.Ordinal);
            return;
        }
        var encoding = tokenizer.Encode("hello world <|start|> é😀\n\n 123", EncodeOptions.Default);
        tokenizer.Decode(encoding.Ids, skipSpecialTokens: false);
    }

    private static ModelFormatException Refusal(Action<JsonObject> change) => Assert.Throws<ModelFormatException>(() => TinyTokenizer.Create(change));

    [Theory]
    [InlineData("BPE"), InlineData("Unigram"), InlineData("WordPiece")]
    public void A_file_cut_off_anywhere_is_refused(string kind)
    {
        byte[] good = Good(kind);
        for (int length = 0; length < good.Length; length++)
            Assert.Throws<ModelFormatException>(() => Tokenizer.Parse(good.AsMemory(0, length), "cut.json"));
    }

    [Theory]
    [InlineData("BPE", 1), InlineData("BPE", 2), InlineData("Unigram", 3), InlineData("WordPiece", 4)]
    public void A_file_with_random_bytes_changed_loads_or_is_refused(string kind, int seed)
    {
        byte[] good = Good(kind);
        var random = new Random(seed);
        for (int round = 0; round < 1500; round++)
        {
            byte[] bytes = [.. good];
            for (int i = random.Next(1, 6); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            LoadOrRefuse(bytes);
        }
    }

    [Theory]
    [InlineData("BPE"), InlineData("Unigram"), InlineData("WordPiece")]
    public void Any_value_of_a_wrong_type_or_size_loads_or_is_refused(string kind)
    {
        string[] values =
        [
            "null", "true", "-1", "1.5", "1e999", "99999999999999999999", "2147483647",
            "\"\"", "\"x\"", "\"\\ud800\"", "[]", "{}", "[[[1]]]", "{\"type\":\"Sequence\"}",
        ];
        foreach (string path in Paths(Small(kind), "").Where(p => !p.Contains("vocab/") || p.EndsWith("/hello", StringComparison.Ordinal) || p.StartsWith("model/vocab/26", StringComparison.Ordinal)).ToList())
        {
            foreach (string value in values)
            {
                var json = Small(kind);
                Replace(json, path, value);
                // JsonNode refuses half a surrogate pair, so that is put in as text.
                string text = json.ToJsonString().Replace("\"\\uFFFD\"", value, StringComparison.Ordinal);
                LoadOrRefuse(System.Text.Encoding.UTF8.GetBytes(text));
            }
        }
    }

    [Theory]
    [InlineData("BPE"), InlineData("Unigram"), InlineData("WordPiece")]
    public void Members_left_out_load_or_are_refused(string kind)
    {
        foreach (string path in Paths(Small(kind), "").Where(p => !p.Contains("vocab/")).ToList())
        {
            var json = Small(kind);
            Replace(json, path, null);
            LoadOrRefuse(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
        }
    }

    [Fact]
    public void A_huge_id_takes_no_memory()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Refusal(json => json["model"]!["vocab"]!["hello"] = int.MaxValue);

        Assert.Equal("model.vocab", refusal.Field);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5_000_000);
    }

    [Theory]
    [InlineData("[", 100_000), InlineData("{\"a\":", 100_000), InlineData("{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[", 10_000)]
    public void Nesting_without_end_is_refused(string opening, int times)
    {
        Assert.Throws<ModelFormatException>(() => Tokenizer.Parse(System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(opening, times))), "deep.json"));
    }

    [Theory]
    [InlineData("model", "{\"type\":\"WordLevel\"}", "model.type", "BPE, Unigram, WordPiece")]
    [InlineData("model", "{\"unk_token\":\"x\",\"vocab\":{}}", "model", "BPE, Unigram, WordPiece")]
    [InlineData("normalizer", "{\"type\":\"Nmt\"}", "normalizer.type", "NFC")]
    [InlineData("normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"ByteLevel\"}]}", "normalizer.normalizers[1].type", "NFC")]
    [InlineData("pre_tokenizer", "{\"type\":\"UnicodeScripts\"}", "pre_tokenizer.type", "ByteLevel")]
    [InlineData("post_processor", "{\"type\":\"Other\"}", "post_processor.type", "TemplateProcessing")]
    [InlineData("decoder", "{\"type\":\"CTC\"}", "decoder.type", "ByteLevel")]
    public void A_part_of_a_kind_that_is_not_supported_is_refused_with_those_that_are(string part, string value, string field, string supported)
    {
        var refusal = Refusal(json => json[part] = JsonNode.Parse(value));

        Assert.Equal(field, refusal.Field);
        Assert.Contains(supported, refusal.Message, StringComparison.Ordinal);
        Assert.Equal("tiny.json", refusal.File);
    }

    [Fact]
    public void What_contradicts_itself_is_refused_by_name()
    {
        Assert.Equal("model.merges[0]", Refusal(json => json["model"]!["merges"]![0] = "h q q").Field);
        Assert.Equal("model.merges[0]", Refusal(json => json["model"]!["merges"]![0] = "hell world").Field);
        Assert.Equal("model.vocab", Refusal(json => json["model"]!["vocab"]!["hello"] = 5).Field);
        Assert.Equal("model.unk_token", Refusal(json => json["model"]!["unk_token"] = "<unk>").Field);
        Assert.Equal("model.dropout", Refusal(json => json["model"]!["dropout"] = 0.1).Field);
        Assert.Equal("model.end_of_word_suffix", Refusal(json => json["model"]!["end_of_word_suffix"] = "</w>").Field);
        Assert.Equal("added_tokens[0].id", Refusal(json => json["added_tokens"]![0]!["id"] = 3).Field);
        Assert.Equal("post_processor.single[0].SpecialToken.id", Refusal(json => json["post_processor"]!["single"]![0]!["SpecialToken"]!["id"] = "<|end|>").Field);
        Assert.Equal("post_processor.special_tokens.<|start|>.ids[0]", Refusal(json => json["post_processor"]!["special_tokens"]!["<|start|>"]!["ids"]![0] = 9999).Field);
        Assert.Equal("post_processor.single", Refusal(json => json["post_processor"]!["single"] = new JsonArray()).Field);
        Assert.Equal("pre_tokenizer.pretokenizers[0].pattern.Regex", Refusal(json => json["pre_tokenizer"] = TinyTokenizer.Split("(")).Field);
        Assert.Equal("pre_tokenizer.pretokenizers[0].behavior", Refusal(json => json["pre_tokenizer"] = TinyTokenizer.Split("a", "Sideways")).Field);
    }

    [Fact]
    public void What_contradicts_itself_in_a_Unigram_model_is_refused_by_name()
    {
        Assert.Equal("model.unk_id", Of(json => json["model"]!["unk_id"] = 100_000).Field);
        Assert.Equal("model.unk_id", Of(json => json["model"]!["unk_id"] = null).Field);
        Assert.Equal("model.unk_id", Of(json => json["model"]!["vocab"] = new JsonArray()).Field);
        Assert.Equal("model.vocab[3]", Of(json => json["model"]!["vocab"]![3]!.AsArray().Add(1)).Field);
        Assert.Equal("model.vocab[3][1]", Of(json => json["model"]!["vocab"]![3]![1] = "low").Field);
        Assert.Equal("model.vocab", Of(json => json["model"]!["vocab"]![3]![0] = new string('a', 5000)).Field);
        Assert.Equal("pre_tokenizer.add_prefix_space", Of(json => json["pre_tokenizer"]!["add_prefix_space"] = false).Field);

        static ModelFormatException Of(Action<JsonObject> change) => RefusalOf("Unigram", change);
    }

    [Fact]
    public void What_contradicts_itself_in_a_WordPiece_model_is_refused_by_name()
    {
        Assert.Equal("model.unk_token", Of(json => json["model"]!["unk_token"] = "<nothing>").Field);
        Assert.Equal("model.max_input_chars_per_word", Of(json => json["model"]!["max_input_chars_per_word"] = -1).Field);
        Assert.Equal("model.continuing_subword_prefix", Of(json => json["model"]!["continuing_subword_prefix"] = null).Field);
        Assert.Equal("model.vocab", Of(json => json["model"]!["vocab"]![new string('a', 5000)] = 11).Field);
        Assert.Equal("normalizer.lowercase", Of(json => json["normalizer"]!["lowercase"] = "yes").Field);
        Assert.Equal("decoder.cleanup", Of(json => json["decoder"]!["cleanup"] = 1).Field);

        static ModelFormatException Of(Action<JsonObject> change) => RefusalOf("WordPiece", change);
    }

    [Theory]
    [InlineData("?"), InlineData(""), InlineData("AAAA"), InlineData("AAAAAA=="), InlineData("AwAAAAAAAA=="), InlineData("/////wAAAAA="), InlineData("CAAAAAAAAAA=")]
    [InlineData("BAAAAAAAAAD/")]
    public void Rules_for_characters_that_are_none_are_refused(string rules)
    {
        var refusal = RefusalOf("Unigram", json => json["normalizer"] = Precompiled(rules));

        Assert.Equal("normalizer.precompiled_charsmap", refusal.Field);
    }

    [Fact]
    public void A_rule_that_makes_texts_grow_without_bound_is_refused()
    {
        var refusal = RefusalOf("Unigram", json => json["normalizer"] = Precompiled(TinyTokenizer.Rules(("a", new string('b', 10_000)))));

        Assert.Equal("normalizer.precompiled_charsmap", refusal.Field);
    }

    [Fact]
    public void Random_rules_for_characters_load_and_take_texts()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            // Units at random lead anywhere, out of the array and in circles too; every label and leaf bit occurs.
            byte[] trie = new byte[4 * random.Next(1, 2000)], replacements = System.Text.Encoding.UTF8.GetBytes("é\0b\0😀c\0");
            random.NextBytes(trie);
            for (int i = 0; i < trie.Length; i += 4) (trie[i + 2], trie[i + 3]) = ((byte)(trie[i + 2] & 31), 0);
            var json = TinyTokenizer.Json("Unigram");
            json["normalizer"] = Precompiled(Convert.ToBase64String([.. BitConverter.GetBytes(trie.Length), .. trie, .. replacements]));
            LoadOrRefuse(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
        }
    }

    private static JsonObject Precompiled(string rules) => new() { ["type"] = "Precompiled", ["precompiled_charsmap"] = rules };

    private static ModelFormatException RefusalOf(string kind, Action<JsonObject> change)
    {
        var json = TinyTokenizer.Json(kind);
        change(json);
        return Assert.Throws<ModelFormatException>(() => TinyTokenizer.Parse(json));
    }

    private static IEnumerable<string> Paths(JsonNode? node, string path)
    {
        if (path.Length > 0) yield return path;
        IEnumerable<(string, JsonNode?)> children = node switch
        {
            JsonObject o => o.Select(m => (m.Key, m.Value)),
            JsonArray a => a.Select((item, i) => (i.ToString(CultureInfo.InvariantCulture), item)),
            _ => [],
        };
        foreach (var (name, child) in children)
            foreach (string inner in Paths(child, path.Length == 0 ? name : $"{path}/{name}")) yield return inner;
    }

    private static int IndexOf(string step) => int.Parse(step, CultureInfo.InvariantCulture);

    private static void Replace(JsonNode root, string path, string? value)
    {
        string[] steps = path.Split('/');
        var parent = steps[..^1].Aggregate(root, (node, step) => node is JsonArray a ? a[IndexOf(step)]! : node[step]!);
        var replacement = value is null ? null : value.Contains("ud800") ? JsonValue.Create("\uFFFD") : JsonNode.Parse(value);
        if (parent is JsonArray array)
        {
            if (value is null) array.RemoveAt(IndexOf(steps[^1]));
            else array[IndexOf(steps[^1])] = replacement;
        }
        else if (value is null) parent.AsObject().Remove(steps[^1]);
        else parent[steps[^1]] = replacement;
    }
}
