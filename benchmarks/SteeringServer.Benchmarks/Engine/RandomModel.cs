using System.Text.Json;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>A Llama with random bf16 weights, written to a folder for as long as it is measured: speed does not depend on what weights say.</summary>
internal sealed class RandomModel : IDisposable
{
    private const int PatternBytes = 16 << 20;

    /// <summary>Shapes that others publish figures for (llama2.c's stories and TinyLlama); a vocabulary of 32,000 each.</summary>
    public static IReadOnlyDictionary<string, Shape> Shapes { get; } = new Dictionary<string, Shape>
    {
        ["15m"] = new(288, 6, 6, 6, 768, true),
        ["110m"] = new(768, 12, 12, 12, 2048, true),
        ["1.1b"] = new(2048, 22, 32, 4, 5632, false),
    };

    /// <param name="IsTied">The embedding is the head too.</param>
    public sealed record Shape(int Width, int Blocks, int Heads, int KeyValueHeads, int Intermediate, bool IsTied)
    {
        public int Vocabulary { get; init; } = 32000;

        /// <summary>Those of the head.</summary>
        public long HeadProducts => Vocabulary * (long)Width;

        /// <summary>Multiply-adds of a token's matrix products; attention and norms not counted.</summary>
        public long Products => HeadProducts + Blocks * (long)Width * (2L * Width + 2L * Width / Heads * KeyValueHeads + 3L * Intermediate);
    }

    public RandomModel(Shape shape)
    {
        Folder = Directory.CreateTempSubdirectory("random-model-").FullName;
        File.WriteAllText(Path.Combine(Folder, "config.json"), JsonSerializer.Serialize(new
        {
            model_type = "llama", hidden_size = shape.Width, intermediate_size = shape.Intermediate, num_hidden_layers = shape.Blocks, num_attention_heads = shape.Heads,
            num_key_value_heads = shape.KeyValueHeads, vocab_size = shape.Vocabulary, max_position_embeddings = 4096, rms_norm_eps = 1e-5, rope_theta = 10000.0, hidden_act = "silu", tie_word_embeddings = shape.IsTied, torch_dtype = "bfloat16",
        }));
        Write(Path.Combine(Folder, "model.safetensors"), Tensors(shape));
    }

    public string Folder { get; }

    private static List<(string Name, long[] Shape)> Tensors(Shape shape)
    {
        long width = shape.Width, keyValue = width / shape.Heads * shape.KeyValueHeads;
        List<(string, long[])> tensors = [("model.embed_tokens.weight", [shape.Vocabulary, width]), ("model.norm.weight", [width])];
        if (!shape.IsTied) tensors.Add(("lm_head.weight", [shape.Vocabulary, width]));
        for (int i = 0; i < shape.Blocks; i++)
        {
            string block = $"model.layers.{i}.";
            tensors.AddRange([
                ($"{block}input_layernorm.weight", [width]), ($"{block}post_attention_layernorm.weight", [width]), ($"{block}self_attn.q_proj.weight", [width, width]), ($"{block}self_attn.k_proj.weight", [keyValue, width]),
                ($"{block}self_attn.v_proj.weight", [keyValue, width]), ($"{block}self_attn.o_proj.weight", [width, width]), ($"{block}mlp.gate_proj.weight", [shape.Intermediate, width]),
                ($"{block}mlp.up_proj.weight", [shape.Intermediate, width]), ($"{block}mlp.down_proj.weight", [width, shape.Intermediate]),
            ]);
        }
        return tensors;
    }

    private static void Write(string path, List<(string Name, long[] Shape)> tensors)
    {
        var header = new Dictionary<string, object>();
        long end = 0;
        foreach (var (name, shape) in tensors)
        {
            long bytes = 2 * shape.Aggregate(1L, (product, size) => product * size);
            header[name] = new { dtype = "BF16", shape, data_offsets = new[] { end, end + bytes } };
            end += bytes;
        }
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header), pattern = new byte[PatternBytes];
        var random = new Random(1);
        for (int i = 0; i < PatternBytes; i += 2)
        {
            // +-2^-6 to 2^-5: activations stay in range over any number of blocks
            ushort value = (ushort)(0x3C80 + random.Next(0x80) + random.Next(2) * 0x8000);
            BitConverter.TryWriteBytes(pattern.AsSpan(i), value);
        }
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        file.Write(BitConverter.GetBytes((long)text.Length));
        file.Write(text);
        for (long left = end; left > 0; left -= PatternBytes) file.Write(pattern, 0, (int)Math.Min(left, PatternBytes));
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
