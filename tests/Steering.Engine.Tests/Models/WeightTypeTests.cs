using Steering.Engine.Loading;
using Steering.Engine.Running;

namespace Steering.Tests.Models;

/// <summary>Weights of 16 bits are computed with exactly as the f32 values they stand for, and folders in shards as the single file.</summary>
public sealed class WeightTypeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("weights-").FullName;

    [Theory]
    [InlineData("llama-wide-heads", "BF16")]
    [InlineData("llama", "F16")]
    [InlineData("gpt2", "BF16")]
    [InlineData("gpt-neox", "F16")]
    [InlineData("qwen3-moe", "BF16")]
    public void Sixteen_bit_weights_give_the_bits_of_their_widening(string name, string type)
    {
        string narrow = Path.Combine(_folder, "narrow"), wide = Path.Combine(_folder, "wide");
        Rewrite(name, narrow, type);
        Rewrite(narrow, wide, "F32");

        Assert.Equal(Logits(wide), Logits(narrow));
    }

    [Fact]
    public void A_model_in_shards_gives_the_bits_of_the_single_file()
    {
        string single = Repository.PathTo("tests", "Golden", "models", "llama"), sharded = Path.Combine(_folder, "sharded");
        Directory.CreateDirectory(sharded);
        File.Copy(Path.Combine(single, "config.json"), Path.Combine(sharded, "config.json"));
        using var file = SafetensorsFile.Open(Path.Combine(single, "model.safetensors"));
        var map = new Dictionary<string, string>();
        foreach (var (shard, i) in file.Tensors.Values.Chunk(10).Select((shard, i) => (shard, i)))
        {
            var writer = new SafetensorsWriter();
            foreach (var entry in shard)
            {
                writer.Add(entry.Name, entry.TypeName, file.Bytes(entry).ToArray(), entry.Shape.AsSpan());
                map[entry.Name] = $"model-{i}.safetensors";
            }
            File.WriteAllBytes(Path.Combine(sharded, $"model-{i}.safetensors"), writer.ToArray());
        }
        File.WriteAllText(Path.Combine(sharded, "model.safetensors.index.json"), System.Text.Json.JsonSerializer.Serialize(new { weight_map = map }));

        Assert.Equal(Logits(single), Logits(sharded));
    }

    [Fact]
    public void A_checkpoint_without_the_prefix_and_with_old_buffers_gives_the_bits_of_the_whole()
    {
        // As published GPT-2 files are: names without "transformer.", causal masks saved as buffers.
        string bare = Path.Combine(_folder, "bare");
        Rewrite("gpt2", bare, "F32", name => name["transformer.".Length..], writer => writer.Add("h.0.attn.bias", [1f], 1, 1, 1, 1));

        Assert.Equal(Logits(Repository.PathTo("tests", "Golden", "models", "gpt2")), Logits(bare));
    }

    [Theory]
    [InlineData("llama", "model.layers.1.self_attn.q_proj.bias")]
    [InlineData("qwen2", "lm_head.bias")]
    [InlineData("llama", "model.layers.4.mlp.up_proj.weight")]
    public void A_tensor_that_the_configuration_has_no_place_for_is_refused_by_name(string name, string tensor)
    {
        string folder = Path.Combine(_folder, "more");
        Rewrite(name, folder, "F32", change: writer => writer.Add(tensor, [0f], 1));

        var error = Assert.Throws<ModelFormatException>(() => LoadedModel.LoadWeights(folder, new LoadOptions()));
        Assert.Equal(tensor, error.Field);
        Assert.Contains("has no place", error.Message, StringComparison.Ordinal);
    }

    private static void Rewrite(string from, string to, string type, Func<string, string>? rename = null, Action<SafetensorsWriter>? change = null)
    {
        string source = Path.IsPathRooted(from) ? from : Repository.PathTo("tests", "Golden", "models", from);
        Directory.CreateDirectory(to);
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(to, "config.json"));
        using var weights = ModelWeights.Open(source);
        var writer = new SafetensorsWriter();
        foreach (var (name, tensor) in weights.Tensors)
        {
            var entry = tensor.Entry;
            var values = new float[entry.Length / (entry.TypeName == "F32" ? 4 : 2)];
            FloatConversion.Widen(tensor.File.Span(tensor.Offset, (int)tensor.Length), tensor.Type, values);
            byte[] bytes = type switch
            {
                "F16" => [.. values.SelectMany(v => BitConverter.GetBytes((Half)v))],
                "BF16" => [.. values.SelectMany(v => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(v) >> 16)))],
                _ => [.. values.SelectMany(BitConverter.GetBytes)],
            };
            writer.Add(rename?.Invoke(name) ?? name, type, bytes, entry.Shape.AsSpan());
        }
        change?.Invoke(writer);
        File.WriteAllBytes(Path.Combine(to, "model.safetensors"), writer.ToArray());
    }

    private static int[] Logits(string folder)
    {
        using var model = LoadedModel.LoadWeights(folder, new LoadOptions());
        using var engine = new EngineLoop(model, new EngineOptions { MaxSequences = 1 });
        var generation = engine.Submit(new() { Id = "bits", Prompt = [1, 5, 9, 200, 17], MaxTokens = 20, Logprobs = 20, Sampling = new() { Temperature = 0 } });
        while (engine.Step()) { }
        var bits = new List<int>();
        while (generation.Events.TryRead(out var token)) bits.AddRange((token.Top ?? []).SelectMany(top => (int[])[top.Id, BitConverter.SingleToInt32Bits(top.Logprob)]));
        Assert.Equal(20 * 20 * 2, bits.Count);
        return [.. bits];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
