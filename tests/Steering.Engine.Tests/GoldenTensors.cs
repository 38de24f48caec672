using Steering.Engine.Loading;

namespace Steering.Tests;

/// <summary>A golden .safetensors file: reference tensors by name, read as arrays.</summary>
internal sealed class GoldenTensors(string path) : IDisposable
{
    private readonly SafetensorsFile _file = SafetensorsFile.Open(path);

    public IEnumerable<string> Names => _file.Tensors.Keys;

    /// <summary>golden.safetensors of one of the committed models.</summary>
    public static GoldenTensors OfModel(string model) => new(Repository.PathTo("tests", "Golden", "models", model, "golden.safetensors"));

    public bool Has(string name) => _file.Tensors.ContainsKey(name);

    public int[] Shape(string name) => [.. _file.Require(name).Shape.Select(size => checked((int)size))];

    /// <summary>A float tensor, row-major.</summary>
    public float[] Floats(string name) => _file.ReadFloats(name);

    public long[] Int64s(string name) => _file.ReadInt64s(name);

    /// <summary>An integer tensor of token ids.</summary>
    public int[] Ids(string name) => [.. Int64s(name).Select(id => checked((int)id))];

    public string Metadata(string key) => _file.Metadata[key];

    public void Dispose() => _file.Dispose();
}
