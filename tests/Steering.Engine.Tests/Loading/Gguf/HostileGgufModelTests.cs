using Steering.Engine.Loading;
using Steering.Engine.Loading.Gguf;
using Steering.Engine.Running;
using Steering.Engine.Tokenization;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading.Gguf;

/// <summary>Whatever a GGUF file says of a model, loading it ends in a model or in an error that names the key or tensor.</summary>
public sealed class HostileGgufModelTests : IDisposable
{
    private const long Constant = 4 << 20;
    private readonly TemporaryFolder _folder = new();

    [SkippableFact]
    public void Every_file_of_a_fuzzers_corpus_ends_in_a_clear_error()
    {
        foreach (string path in Directory.GetFiles(Repository.Shared("data", "malformed", "gguf"))) Assert.NotNull(Outcome(File.ReadAllBytes(path)));
    }

    [Fact]
    public void A_small_file_is_a_model()
    {
        Assert.Null(Outcome(new ModelFile().ToArray()));
        Assert.Null(Outcome(new ModelFile { ["tokenizer.ggml.model"] = "gpt2", ["tokenizer.ggml.pre"] = "gpt-2", ["tokenizer.ggml.merges"] = (string[])["a b"] }.ToArray()));
    }

    [Fact]
    public void Every_key_that_is_needed_is_asked_for_by_name()
    {
        string[] needed =
        [
            "general.architecture", "llama.block_count", "llama.context_length", "llama.embedding_length", "llama.feed_forward_length", "llama.attention.head_count",
            "llama.attention.layer_norm_rms_epsilon", "tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.scores",
        ];
        foreach (string key in needed)
        {
            var error = Outcome(new ModelFile { [key] = null }.ToArray());
            Assert.Equal(key, error?.Field);
            Assert.Contains("is missing", error!.Message, StringComparison.Ordinal);
        }
        Assert.Equal("tokenizer.ggml.merges", Outcome(new ModelFile { ["tokenizer.ggml.model"] = "gpt2", ["tokenizer.ggml.pre"] = "gpt-2" }.ToArray())!.Field);
        Assert.Equal("tokenizer.ggml.pre", Outcome(new ModelFile { ["tokenizer.ggml.model"] = "gpt2" }.ToArray())!.Field);
    }

    public static TheoryData<string, object, string, string> Lies() => new()
    {
        { "general.architecture", "bert", "general.architecture", "supported: llama, qwen2" },
        { "general.architecture", 7u, "general.architecture", "expected a string" },
        { "general.type", "adapter", "general.type", "expected \"model\"" },
        { "split.count", 3u, "split.count", "--merge" },
        { "llama.expert_count", 8u, "llama.expert_count", "not supported" },
        { "llama.attention.sliding_window", 4096u, "llama.attention.sliding_window", "not supported" },
        { "llama.attention.causal", false, "llama.attention.causal", "only causal" },
        { "llama.rope.scaling.type", "yarn", "llama.rope.scaling.type", "supported: none, linear" },
        { "llama.rope.scaling.type", "linear", "llama.rope.scaling.factor", "is missing" },
        { "llama.rope.dimension_count", 4u, "llama.rope.dimension_count", "only the width of heads, 8" },
        { "llama.attention.value_length", 4u, "llama.attention.value_length", "only the width of keys" },
        { "llama.attention.head_count", 0u, "llama.attention.head_count", "from 1" },
        { "llama.attention.head_count", (int[])[2, 2], "llama.attention.head_count", "expected a whole number" },
        { "llama.attention.head_count", 3u, "llama.attention.key_length", "not a multiple" },
        { "llama.attention.head_count_kv", 4u, "llama.attention.head_count_kv", "must divide" },
        { "llama.block_count", 100_000u, "llama.block_count", "from 1 to 1024" },
        { "llama.block_count", 2u, "model.layers.1.input_layernorm.weight", "is missing" },
        { "llama.embedding_length", 32u, "token_embd.weight", "the configuration asks for" },
        { "llama.feed_forward_length", 16u, "blk.0.ffn_gate.weight", "the configuration asks for" },
        { "llama.attention.layer_norm_rms_epsilon", float.NaN, "llama.attention.layer_norm_rms_epsilon", "finite" },
        { "llama.attention.layer_norm_rms_epsilon", 7f, "llama.attention.layer_norm_rms_epsilon", "from 0 to 1" },
        { "llama.rope.freq_base", "x", "llama.rope.freq_base", "expected a float" },
        { "tokenizer.ggml.model", "bert", "tokenizer.ggml.model", "supported: gpt2, llama" },
        { "tokenizer.ggml.tokens", (string[])["<unk>", "a", "b", "ab", "a", "c", "d", "e"], "tokenizer.ggml.tokens[4]", "there already" },
        { "tokenizer.ggml.tokens", (string[])["<unk>", "a"], "tokenizer.ggml.token_type", "there are 2 tokens" },
        { "tokenizer.ggml.scores", (float[])[1, 2], "tokenizer.ggml.scores", "there are 8 tokens" },
        { "tokenizer.ggml.scores", (float[])[0, 0, float.NaN, 0, 0, 0, 0, 0], "tokenizer.ggml.scores[2]", "not a number" },
        { "tokenizer.ggml.bos_token_id", 8u, "tokenizer.ggml.bos_token_id", "from 0 to 7" },
        { "tokenizer.ggml.eos_token_id", uint.MaxValue, "tokenizer.ggml.eos_token_id", "is 4294967295" },
        { "tokenizer.ggml.unknown_token_id", 99u, "tokenizer.ggml.unknown_token_id", "from 0 to 7" },
        { "tokenizer.chat_template", 1u, "tokenizer.chat_template", "expected a string" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public void What_lies_is_named(string key, object value, string field, string message)
    {
        var error = Outcome(new ModelFile { [key] = value }.ToArray());
        Assert.Equal(field, error?.Field);
        Assert.Contains(message, error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Merges_that_lead_nowhere_are_named()
    {
        var file = new ModelFile { ["tokenizer.ggml.model"] = "gpt2", ["tokenizer.ggml.pre"] = "gpt-2", ["tokenizer.ggml.merges"] = (string[])["a b", "a x"] };
        Assert.StartsWith("tokenizer.ggml.merges", Outcome(file.ToArray())!.Field, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_without_a_place_and_of_formats_that_are_not_read_are_named()
    {
        Assert.Equal("blk.0.attn_q_norm.weight", Outcome(new ModelFile().Tensor("blk.0.attn_q_norm.weight", 8).ToArray())!.Field);
        Assert.Equal("rope_freqs.weight", Outcome(new ModelFile().Tensor("rope_freqs.weight", 3).ToArray())!.Field);
        Assert.Null(Outcome(new ModelFile().Tensor("rope_freqs.weight", 4).ToArray()));
    }

    [Fact]
    public void A_piece_of_absurd_length_costs_no_time()
    {
        string longest = new('a', 4_000_000);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var error = Outcome(new ModelFile { ["tokenizer.ggml.tokens"] = (string[])["<unk>", "a", "b", "ab", longest, "c", "d", "e"] }.ToArray());

        Assert.Equal("tokenizer.ggml.tokens[4]", error?.Field);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
    }

    [Fact]
    public void Truncations_and_flipped_bits_never_do_worse_than_an_error()
    {
        byte[] whole = new ModelFile().ToArray();
        for (int length = 0; length < whole.Length; length += 7) Assert.NotNull(Outcome(whole[..length]));
        int refused = Corruption.FlippedBits(whole, 600).Count(flipped => Outcome(flipped) is not null);

        Assert.InRange(refused, 50, 600);
    }

    public void Dispose() => _folder.Dispose();

    // Loads the model; the error, or null if there was none. Any other exception fails the test.
    private ModelFormatException? Outcome(byte[] bytes)
    {
        string path = _folder.Write("hostile.gguf", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFormatException? error = null;
        try
        {
            using var model = LoadedModel.Load(path, new LoadOptions { Threads = 1, Kernels = "portable" });
            model.Tokenizer.Decode(model.Tokenizer.Encode("ab c", EncodeOptions.Default).Ids, skipSpecialTokens: false);
        }
        catch (ModelFormatException caught)
        {
            error = caught;
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * (long)bytes.Length + Constant);
        if (error is not null) Assert.StartsWith($"{path}: {error.Field}: ", error.Message, StringComparison.Ordinal);
        return error;
    }

    /// <summary>A whole model of one block, width 16, two heads and eight tokens, whose metadata can be changed; null leaves a key out.</summary>
    private sealed class ModelFile
    {
        private readonly Dictionary<string, object?> _metadata = new()
        {
            ["general.architecture"] = "llama", ["llama.block_count"] = 1u, ["llama.context_length"] = 64u, ["llama.embedding_length"] = 16u, ["llama.feed_forward_length"] = 24u,
            ["llama.attention.head_count"] = 2u, ["llama.attention.layer_norm_rms_epsilon"] = 1e-5f, ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = (string[])["<unk>", "a", "b", "ab", "▁", "c", "d", "e"], ["tokenizer.ggml.scores"] = (float[])[0, 0, 0, -1, 0, 0, 0, 0],
            ["tokenizer.ggml.token_type"] = (int[])[2, 1, 1, 1, 1, 1, 1, 1], ["tokenizer.ggml.bos_token_id"] = 5u,
        };

        private readonly List<(string Name, ulong[] Sizes)> _tensors =
        [
            ("token_embd.weight", [16, 8]), ("output_norm.weight", [16]), ("blk.0.attn_norm.weight", [16]), ("blk.0.ffn_norm.weight", [16]),
            ("blk.0.attn_q.weight", [16, 16]), ("blk.0.attn_k.weight", [16, 16]), ("blk.0.attn_v.weight", [16, 16]), ("blk.0.attn_output.weight", [16, 16]),
            ("blk.0.ffn_gate.weight", [16, 24]), ("blk.0.ffn_up.weight", [16, 24]), ("blk.0.ffn_down.weight", [24, 16]),
        ];

        public object? this[string key]
        {
            set => _metadata[key] = value;
        }

        public ModelFile Tensor(string name, params ulong[] sizes)
        {
            _tensors.Add((name, sizes));
            return this;
        }

        public byte[] ToArray()
        {
            var bytes = new GgufBytes();
            foreach (var (key, value) in _metadata)
                if (value is not null) bytes.Field(key, TypeOf(value), writer => Write(writer, value));
            ulong offset = 0;
            foreach (var (name, sizes) in _tensors)
            {
                bytes.Tensor(name, 0, offset, sizes);
                offset = (offset + 4 * sizes.Aggregate(1UL, (product, size) => product * size) + 31) / 32 * 32;
            }
            var data = new byte[offset];
            for (int i = 0; i < data.Length; i += 4) BitConverter.TryWriteBytes(data.AsSpan(i), 0.5f + i % 64 / 128f);
            return bytes.ToArray(data);
        }

        private static uint TypeOf(object value) => value switch { uint => 4, int => 5, float => 6, bool => 7, string => 8, _ => 9 };

        private static void Write(BinaryWriter writer, object value)
        {
            switch (value)
            {
                case uint number: writer.Write(number); break;
                case int number: writer.Write(number); break;
                case float number: writer.Write(number); break;
                case bool flag: writer.Write(flag); break;
                case string text: GgufBytes.WriteText(writer, text); break;
                case Array items:
                    writer.Write(TypeOf(items.GetValue(0)!));
                    writer.Write((ulong)items.Length);
                    foreach (object item in items) Write(writer, item);
                    break;
            }
        }
    }
}
