using Steering.Engine.Loading;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading;

public sealed class ModelFingerprintTests : IDisposable
{
    private static readonly DecoderShape Shape = ModelConfig.Load(Repository.PathTo("models", "storyworld", "model")).Shape;
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Storyworld_has_the_fingerprint_that_its_vectors_will_carry()
    {
        using var weights = ModelWeights.Open(Repository.PathTo("models", "storyworld", "model"));

        Assert.Equal("c006ac819b5093941160f7793e73da7d987c352d4e6b3ade0cf1897e95f14134", ModelFingerprint.Compute(Shape, weights));
    }

    [Fact]
    public void Shards_do_not_change_it()
    {
        string whole = Of([("a", [1f, 2]), ("b", [3f])]);
        _folder.Write("s1.safetensors", new SafetensorsWriter().Add("b", [3f], 1).ToArray());
        _folder.Write("s2.safetensors", new SafetensorsWriter().Add("a", [1f, 2], 2).AddMetadata("x", "y").ToArray());
        _folder.Write("model.safetensors.index.json", """{"weight_map": {"a": "s2.safetensors", "b": "s1.safetensors"}}""");
        File.Delete(_folder.File("model.safetensors"));
        using var sharded = ModelWeights.Open(_folder.Path);

        Assert.Equal(whole, ModelFingerprint.Compute(Shape, sharded));
    }

    [Fact]
    public void Shape_names_and_values_change_it()
    {
        string[] fingerprints =
        [
            Of([("a", [1f, 2])]), Of([("b", [1f, 2])]), Of([("a", [1f, 3])]), Of([("a", [1f])]), Of([("a", [1f, 2])], Shape with { RopeTheta = 20000 }),
            Of([("a", [1f, 2])], Shape with { RopeScaling = new RopeScaling.Linear(2) }), Of([("a", [1f, 2])], Shape with { TieWordEmbeddings = false }),
        ];

        Assert.Equal(fingerprints.Length, fingerprints.Distinct().Count());
    }

    [Fact]
    public void First_and_last_bytes_of_a_tensor_count()
    {
        var values = new float[10_000];
        string before = Of([("a", values)]);
        values[0] = 1;
        string first = Of([("a", values)]);
        values[0] = 0;
        values[^1] = 1;

        Assert.Equal(3, new[] { before, first, Of([("a", values)]) }.Distinct().Count());
    }

    public void Dispose() => _folder.Dispose();

    private string Of((string Name, float[] Values)[] tensors, DecoderShape? shape = null)
    {
        var writer = new SafetensorsWriter();
        foreach (var (name, values) in tensors) writer.Add(name, values, values.Length);
        _folder.Write("model.safetensors", writer.ToArray());
        using var weights = ModelWeights.Open(_folder.Path);
        return ModelFingerprint.Compute(shape ?? Shape, weights);
    }
}
