using System.Globalization;
using System.Text.Json.Nodes;
using Steering.Engine.Loading;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

public class HostileTokenizerTests
{
    private static readonly byte[] Good = System.Text.Encoding.UTF8.GetBytes(TinyTokenizer.Json().ToJsonString());

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

    [Fact]
    public void A_file_cut_off_anywhere_is_refused()
    {
        for (int length = 0; length < Good.Length; length++)
            Assert.Throws<ModelFormatException>(() => Tokenizer.Parse(Good.AsMemory(0, length), "cut.json"));
    }

    [Theory]
    [InlineData(1), InlineData(2)]
    public void A_file_with_random_bytes_changed_loads_or_is_refused(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 1500; round++)
        {
            byte[] bytes = [.. Good];
            for (int i = random.Next(1, 6); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            LoadOrRefuse(bytes);
        }
    }

    [Fact]
    public void Any_value_of_a_wrong_type_or_size_loads_or_is_refused()
    {
        string[] values =
        [
            "null", "true", "-1", "1.5", "1e999", "99999999999999999999", "2147483647",
            "\"\"", "\"x\"", "\"\\ud800\"", "[]", "{}", "[[[1]]]", "{\"type\":\"Sequence\"}",
        ];
        foreach (string path in Paths(TinyTokenizer.Json(), "").Where(p => !p.Contains("vocab/") || p.EndsWith("/hello", StringComparison.Ordinal)).ToList())
        {
            foreach (string value in values)
            {
                var json = TinyTokenizer.Json();
                Replace(json, path, value);
                // JsonNode refuses half a surrogate pair, so that is put in as text.
                string text = json.ToJsonString().Replace("\"\\uFFFD\"", value, StringComparison.Ordinal);
                LoadOrRefuse(System.Text.Encoding.UTF8.GetBytes(text));
            }
        }
    }

    [Fact]
    public void Members_left_out_load_or_are_refused()
    {
        foreach (string path in Paths(TinyTokenizer.Json(), "").Where(p => !p.Contains("vocab/")).ToList())
        {
            var json = TinyTokenizer.Json();
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
    [InlineData("model", "{\"type\":\"Unigram\"}", "model.type", "BPE")]
    [InlineData("model", "{\"unk_id\":2,\"vocab\":[]}", "model", "BPE")]
    [InlineData("model", "{\"type\":\"WordPiece\"}", "model.type", "BPE")]
    [InlineData("normalizer", "{\"type\":\"Precompiled\"}", "normalizer.type", "NFC")]
    [InlineData("normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"BertNormalizer\"}]}", "normalizer.normalizers[1].type", "NFC")]
    [InlineData("pre_tokenizer", "{\"type\":\"BertPreTokenizer\"}", "pre_tokenizer.type", "ByteLevel")]
    [InlineData("post_processor", "{\"type\":\"BertProcessing\"}", "post_processor.type", "TemplateProcessing")]
    [InlineData("decoder", "{\"type\":\"WordPiece\"}", "decoder.type", "ByteLevel")]
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

    [SkippableTheory]
    [InlineData("bert", "model.type"), InlineData("unigram", "model.type"), InlineData("albert", "model.type"), InlineData("t5-small", "model")]
    public void Tokenizers_of_other_kinds_are_refused_by_name(string name, string field)
    {
        Assert.Equal(field, Assert.Throws<ModelFormatException>(() => new GoldenTokenizer(name)).Field);
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
