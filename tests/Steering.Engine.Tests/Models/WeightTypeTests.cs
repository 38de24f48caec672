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

    private static void Rewrite(string from, string to, string type)
    {
        string source = Path.IsPathRooted(from) ? from : Repository.PathTo("tests", "Golden", "models", from);
        Directory.CreateDirectory(to);
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(to, "config.json"));
        using var file = SafetensorsFile.Open(Path.Combine(source, "model.safetensors"));
        var writer = new SafetensorsWriter();
        foreach (var entry in file.Tensors.Values)
        {
            var values = file.ReadFloats(entry.Name);
            byte[] bytes = type switch
            {
                "F16" => [.. values.SelectMany(v => BitConverter.GetBytes((Half)v))],
                "BF16" => [.. values.SelectMany(v => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(v) >> 16)))],
                _ => [.. values.SelectMany(BitConverter.GetBytes)],
            };
            writer.Add(entry.Name, type, bytes, entry.Shape.AsSpan());
        }
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
