using System.Text;
using System.Text.Json.Nodes;
using Steering.Engine.Loading;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading;

/// <summary>Whatever the JSON files of a model folder say, loading ends in a configuration or in a ModelFormatException.</summary>
public sealed class HostileConfigTests : IDisposable
{
    private static readonly string[] Files = ["config.json", "generation_config.json", "tokenizer_config.json"];
    private static readonly string[] Values =
        ["null", "true", "-1", "0", "0.5", "1e308", "1e999", "99999999999999999999999", "2147483647", "-2147483648", "\"x\"", "\"\\ud800\"", "[]", "[[]]", "[-1]", "{}", "{\"type\":7}", "{\"content\":[]}"];

    private readonly TemporaryFolder _folder = new();

    public HostileConfigTests()
    {
        foreach (string name in Files) File.Copy(Source(name), _folder.File(name));
    }

    [Fact]
    public void A_missing_config_is_named()
    {
        File.Delete(_folder.File("config.json"));

        var error = Assert.Throws<ModelFormatException>(() => ModelConfig.Load(_folder.Path));
        Assert.EndsWith("config.json", error.File, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => ModelConfig.Load(_folder.File("no such folder")));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("tokenizer_config.json")]
    public void Every_field_with_every_kind_of_value_loads_or_is_named(string name)
    {
        string[] fields = [.. JsonNode.Parse(File.ReadAllText(Source(name)))!.AsObject().Select(field => field.Key),
            "rope_parameters", "partial_rotary_factor", "sliding_window", "layer_types", "unk_token", "top_k", "min_p", "repetition_penalty", "head_dim"];
        foreach (string field in fields)
        {
            foreach (string value in Values)
            {
                // By text: some of the values are not valid for a JSON library to hold.
                string text = File.ReadAllText(Source(name));
                text = JsonNode.Parse(text)!.AsObject() is var json && json.Remove(field) ? json.ToJsonString() : text;
                _folder.Write(name, $"{{\"{field}\":{value},{text.TrimStart()[1..]}");
                if (Outcome() is { } error) Assert.True(error.Field == field || error.Field.StartsWith(field, StringComparison.Ordinal) || error.Field is "head_dim" or "num_key_value_heads" or "bos_token_id" or "eos_token_id", $"{field}={value}: {error.Message}");
            }
        }
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("tokenizer_config.json")]
    public void Flipped_bits_and_truncations_never_do_worse_than_an_error(string name)
    {
        byte[] whole = File.ReadAllBytes(Source(name));
        var random = new Random(5);
        for (int trial = 0; trial < 600; trial++)
        {
            byte[] flipped = [.. whole];
            int bit = random.Next(flipped.Length * 8);
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            _folder.Write(name, trial % 5 == 0 ? whole[..random.Next(whole.Length)] : flipped);
            Outcome();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{\"model_type\":\"llama\",\"model_type\":\"llama\"}")]
    [InlineData("{\"\\ud800\":1,\"\\udc00\":1}")]
    [InlineData("{\"model_type\":\"llama\",}")]
    [InlineData("{\"model_type\":NaN}")]
    [InlineData("{/* comment */}")]
    public void What_is_not_a_json_object_is_refused(string json)
    {
        _folder.Write("config.json", json);

        Assert.NotNull(Outcome());
    }

    [Fact]
    public void Invalid_utf8_is_named_with_its_position()
    {
        byte[] bytes = File.ReadAllBytes(Source("config.json"));
        bytes[7] = 0xff;
        _folder.Write("config.json", bytes);
        Assert.Equal("byte 7", Outcome()!.Field);

        File.Copy(Source("config.json"), _folder.File("config.json"), overwrite: true);
        _folder.Write("chat_template.jinja", [0x61, 0x80]);
        Assert.Equal("byte 1", Outcome()!.Field);
    }

    [Fact]
    public void A_byte_order_mark_is_skipped()
    {
        _folder.Write("config.json", [0xef, 0xbb, 0xbf, .. File.ReadAllBytes(Source("config.json"))]);

        Assert.Null(Outcome());
    }

    [Fact]
    public void Nesting_and_size_are_bounded()
    {
        _folder.Write("config.json", string.Concat(Enumerable.Repeat("{\"a\":", 100_000)));
        Assert.NotNull(Outcome());
        _folder.Write("config.json", new string('[', 1_000_000));
        Assert.NotNull(Outcome());

        using (var file = File.Create(_folder.File("config.json"))) file.SetLength((64 << 20) + 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("67108865 bytes", Outcome()!.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 10);
    }

    [Theory]
    [InlineData("\"chat_template\": 7", "chat_template")]
    [InlineData("\"chat_template\": [7]", "chat_template[0]")]
    [InlineData("\"chat_template\": [{\"name\": \"default\"}]", "chat_template[0].template")]
    [InlineData("\"chat_template\": [{\"template\": \"x\"}]", "chat_template[0].name")]
    [InlineData("\"bos_token\": {\"id\": 1}", "bos_token")]
    [InlineData("\"bos_token\": {\"content\": 1}", "bos_token.content")]
    [InlineData("\"add_bos_token\": \"yes\"", "add_bos_token")]
    public void Tokenizer_settings_that_are_wrong_are_named(string json, string field)
    {
        _folder.Write("tokenizer_config.json", $"{{ {json} }}");

        Assert.Equal(field, Outcome()!.Field);
    }

    [Theory]
    [InlineData("\"temperature\": -1", "temperature")]
    [InlineData("\"top_p\": 1.5", "top_p")]
    [InlineData("\"top_k\": 0.5", "top_k")]
    [InlineData("\"repetition_penalty\": 0", "repetition_penalty")]
    [InlineData("\"do_sample\": 1", "do_sample")]
    [InlineData("\"eos_token_id\": [1, 2048]", "eos_token_id[1]")]
    public void Generation_settings_that_are_wrong_are_named(string json, string field)
    {
        _folder.Write("generation_config.json", $"{{ {json} }}");

        Assert.Equal(field, Outcome()!.Field);
    }

    public void Dispose() => _folder.Dispose();

    private static string Source(string name) => Repository.PathTo("models", "storyworld", "model", name);

    private ModelFormatException? Outcome()
    {
        try
        {
            ModelConfig.Load(_folder.Path);
            return null;
        }
        catch (ModelFormatException error)
        {
            Assert.StartsWith($"{error.File}: {error.Field}: ", error.Message, StringComparison.Ordinal);
            Assert.NotEmpty(error.Field);
            return error;
        }
    }
}
