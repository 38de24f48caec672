using System.Globalization;
using System.Text.Json.Nodes;
using Steering.Tests;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Hosting;

/// <summary>What a model takes beyond an almost empty server (docs/decisions.md 6), at the end of loading and at its highest.</summary>
public sealed class MemoryTests
{
    private const double Most = 1.15;
    private const long Working = 48L << 20; // activations of the largest step, and the KV blocks that the self-test and one answer touched

    [SkippableFact]
    public async Task A_model_takes_its_weights_once_while_it_loads_and_afterwards()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "needs /proc");
        using var folder = new TemporaryFolder();
        long stored = WriteModel(folder.Path);
        var small = await MeasureAsync(Repository.PathTo("models", "storyworld"));
        var large = await MeasureAsync(folder.Path);

        Assert.InRange(stored, 200L << 20, 300L << 20);
        Assert.InRange(large.Resident - small.Resident, 0.8 * stored, Most * stored + Working);
        Assert.InRange(large.Highest - small.Highest, 0.8 * stored, Most * stored + Working);
    }

    private static async Task<(long Resident, long Highest)> MeasureAsync(string model)
    {
        using var data = new TemporaryFolder();
        using var server = await ServerProcess.StartAsync(data.Path, ["--model", model]);
        string[] lines = await File.ReadAllLinesAsync($"/proc/{server.Process.Id}/status");
        return (Bytes("VmRSS:"), Bytes("VmHWM:"));

        long Bytes(string name) => 1024 * long.Parse(lines.First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    // Storyworld's configuration and tokenizer with ten wide blocks of random bf16 weights; the bytes of its tensors.
    private static long WriteModel(string folder)
    {
        const int hidden = 1024, intermediate = 2816, blocks = 10, keyValue = 512, vocabulary = 2048;
        string from = Repository.PathTo("models", "storyworld", "model");
        foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json", "generation_config.json"]) File.Copy(Path.Combine(from, file), Path.Combine(folder, file));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(from, "config.json")))!.AsObject();
        foreach (var (field, value) in new[] { ("hidden_size", hidden), ("intermediate_size", intermediate), ("num_hidden_layers", blocks), ("num_attention_heads", 16), ("num_key_value_heads", 8), ("head_dim", 64) }) config[field] = value;
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());

        var tensors = new List<(string Name, int[] Shape)> { ("model.embed_tokens", [vocabulary, hidden]), ("model.norm", [hidden]) };
        for (int block = 0; block < blocks; block++)
        {
            foreach (var (name, shape) in new (string, int[])[]
            {
                ("input_layernorm", [hidden]), ("post_attention_layernorm", [hidden]), ("self_attn.q_proj", [hidden, hidden]), ("self_attn.k_proj", [keyValue, hidden]), ("self_attn.v_proj", [keyValue, hidden]),
                ("self_attn.o_proj", [hidden, hidden]), ("mlp.gate_proj", [intermediate, hidden]), ("mlp.up_proj", [intermediate, hidden]), ("mlp.down_proj", [hidden, intermediate]),
            }) tensors.Add(($"model.layers.{block}.{name}", shape));
        }
        var header = new JsonObject();
        long offset = 0;
        foreach (var (name, shape) in tensors)
        {
            long end = offset + 2 * shape.Aggregate(1L, (product, size) => product * size);
            header[$"{name}.weight"] = new JsonObject { ["dtype"] = "BF16", ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]), ["data_offsets"] = new JsonArray(offset, end) };
            offset = end;
        }
        byte[] json = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        using var stream = File.Create(Path.Combine(folder, "model.safetensors"));
        stream.Write(BitConverter.GetBytes((long)json.Length));
        stream.Write(json);
        var values = new byte[1 << 20];
        var random = new Random(1);
        for (int i = 0; i < values.Length; i += 2) BitConverter.TryWriteBytes(values.AsSpan(i), (ushort)(0x3C00 | random.Next(0x80) | random.Next(2) << 15)); // about +-0.01
        for (long written = 0; written < offset; written += values.Length) stream.Write(values.AsSpan(0, (int)Math.Min(values.Length, offset - written)));
        return offset;
    }
}
