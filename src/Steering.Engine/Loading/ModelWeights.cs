using System.Collections.Immutable;
using System.Text.Json;

using Steering.Compute.Quantised;

namespace Steering.Engine.Loading;

/// <summary>
/// The tensors of a model by name: of <c>model.safetensors</c>, of the shards that <c>model.safetensors.index.json</c> lists, or of a GGUF file.
/// Owns the mapped files. Safe to read from any thread.
/// </summary>
public sealed class ModelWeights : IDisposable
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private const int MaxShards = 4096;

    private readonly ImmutableArray<IDisposable> _files;
    private readonly Dictionary<string, WeightTensor> _tensors;
    private readonly string _source;

    /// <summary>Takes files over, with their tensors under the names a Hugging Face folder has for them.</summary>
    internal ModelWeights(ImmutableArray<IDisposable> files, Dictionary<string, WeightTensor> tensors, string source) => (_files, _tensors, _source) = (files, tensors, source);

    /// <summary>All tensors, by name.</summary>
    public IReadOnlyDictionary<string, WeightTensor> Tensors => _tensors;

    /// <summary>How tensors are stored and how many in each way, the most frequent first.</summary>
    public IReadOnlyDictionary<string, int> StoredTypes => _tensors.Values.GroupBy(tensor => tensor.Entry.TypeName).OrderByDescending(group => group.Count()).ToDictionary(group => group.Key, group => group.Count());

    /// <summary>Bytes of all tensors as stored.</summary>
    public long TotalBytes => _tensors.Values.Sum(tensor => tensor.Length);

    /// <summary>Opens a model folder. As in transformers, <c>model.safetensors</c> comes before an index.</summary>
    /// <exception cref="ModelFormatException">Neither is there, or one of the files is malformed.</exception>
    public static ModelWeights Open(string folder)
    {
        string single = Path.Combine(folder, SingleFile), index = Path.Combine(folder, IndexFile);
        if (File.Exists(single)) return OpenSingle(single);
        if (File.Exists(index)) return OpenShards(folder, index);
        throw new ModelFormatException(folder, "weights", $"has neither {SingleFile} nor {IndexFile}");
    }

    public bool TryFind(string name, out WeightTensor tensor)
    {
        bool found = _tensors.TryGetValue(name, out var value);
        tensor = value!;
        return found;
    }

    /// <summary>The tensor of this name and shape, of a type that can be computed with.</summary>
    /// <exception cref="ModelFormatException">It is missing, or of another shape or type.</exception>
    public WeightTensor Require(string name, params ReadOnlySpan<long> shape)
    {
        if (!_tensors.TryGetValue(name, out var tensor)) throw new ModelFormatException(_source, name, $"is missing; its shape would be [{string.Join(", ", shape.ToArray())}]");
        string file = tensor.File.Path;
        if (!tensor.Shape.AsSpan().SequenceEqual(shape))
            throw new ModelFormatException(file, tensor.Name, $"has shape {tensor.Entry.ShapeText}, the configuration asks for [{string.Join(", ", shape.ToArray())}]");
        if (!ElementTypes.IsFloat(tensor.Type) && tensor.Format is null)
            throw new ModelFormatException(file, tensor.Name, $"has dtype {tensor.Entry.TypeName}; weights can be {ElementTypes.Readable}, and in GGUF files {string.Join(", ", BlockFormat.All)}");
        return tensor;
    }

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private static ModelWeights OpenSingle(string path)
    {
        var file = SafetensorsFile.Open(path);
        return new ModelWeights([file], file.Tensors.Values.ToDictionary(entry => entry.Name, entry => new WeightTensor(file.Data, entry), StringComparer.Ordinal), path);
    }

    private static ModelWeights OpenShards(string folder, string indexPath)
    {
        using var json = JsonDocumentFile.Read(indexPath);
        var files = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        var tensors = new Dictionary<string, WeightTensor>(StringComparer.Ordinal);
        try
        {
            foreach (var (name, value) in json.Root.RequireSection("weight_map").Fields())
            {
                string field = $"weight_map.{name}";
                if (value.ValueKind != JsonValueKind.String) throw new ModelFormatException(indexPath, field, $"must be a file name, found {JsonSection.Describe(value)}");
                string shard = JsonSection.Text(indexPath, field, value);
                if (!files.TryGetValue(shard, out var file))
                {
                    RequirePlainName(indexPath, field, shard);
                    if (files.Count == MaxShards) throw new ModelFormatException(indexPath, "weight_map", $"names more than {MaxShards} files");
                    files.Add(shard, file = SafetensorsFile.Open(Path.Combine(folder, shard)));
                }
                if (!file.Tensors.TryGetValue(name, out var tensor)) throw new ModelFormatException(indexPath, field, $"{shard} has no such tensor");
                tensors.Add(name, new WeightTensor(file.Data, tensor));
            }
            if (tensors.Count == 0) throw new ModelFormatException(indexPath, "weight_map", "is empty");
            return new ModelWeights([.. files.Values], tensors, indexPath);
        }
        catch
        {
            foreach (var file in files.Values) file.Dispose();
            throw;
        }
    }

    // The index is data from elsewhere: it must not be able to name files outside its own folder.
    private static void RequirePlainName(string indexPath, string field, string shard)
    {
        bool plain = shard.EndsWith(".safetensors", StringComparison.Ordinal) && !shard.StartsWith('.') && shard.AsSpan().IndexOfAny("/\\:\0") < 0 && shard.Length <= 255;
        if (!plain) throw new ModelFormatException(indexPath, field, $"\"{shard}\" is not the plain name of a .safetensors file in the same folder");
    }
}
