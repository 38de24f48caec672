using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Loading.Gguf;
using Steering.Engine.Vectors.Numpy;
using Steering.Engine.Vectors.Torch;

namespace Steering.Engine.Vectors;

/// <summary>
/// Reads steering vectors from the files that this and other projects write. The format is recognised by content, the convention (<see cref="VectorConvention"/>) by names
/// and shapes; what a name or index became is reported tensor by tensor. Nothing in a file is executed, and none makes it allocate more than a constant times its size.
/// </summary>
public static class VectorImporter
{
    /// <exception cref="ModelFormatException">The bytes are no vector, or it cannot be told where a tensor belongs; the field is a tensor or an option, the message says what to do.</exception>
    public static VectorImport Read(ReadOnlyMemory<byte> bytes, ImportOptions options)
    {
        var format = VectorFormats.Recognise(bytes, options.Format, options.FileName);
        var warnings = new List<string>();
        var layout = new VectorLayout(options, format == VectorFormat.Gguf, warnings);
        if (format == VectorFormat.Safetensors)
        {
            using var file = SafetensorsFile.Parse(bytes, options.FileName);
            var (found, arrays) = layout.Place(new StoredMap([.. file.Tensors.Values.Select(entry => KeyValuePair.Create<string, StoredValue>(entry.Name, VectorFile.ReadArray(file, entry)))]));
            return new VectorImport(VectorFile.Assemble(file, arrays, "", 0), Report(VectorFormats.NameOf(format), found, arrays, warnings));
        }
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var (convention, placed) = layout.Place(ReadContent(bytes, format, options.FileName, metadata, warnings));
        return new VectorImport(Assemble(options.FileName, placed, metadata), Report(VectorFormats.NameOf(format), convention, placed, warnings));
    }

    /// <summary>The same for arrays that a caller has read from a form of its own.</summary>
    /// <param name="arrays">Names and values; one direction each.</param>
    /// <param name="format">What the report calls the form.</param>
    /// <exception cref="ModelFormatException">It cannot be told where an array belongs.</exception>
    public static VectorImport Read(IReadOnlyCollection<KeyValuePair<string, float[]>> arrays, string format, IReadOnlyDictionary<string, string> metadata, ImportOptions options)
    {
        var warnings = new List<string>();
        var content = new StoredMap([.. arrays.Select(array => KeyValuePair.Create<string, StoredValue>(array.Key, new StoredArray([array.Value.Length], "float32", array.Value)))]);
        var (convention, placed) = new VectorLayout(options, isGguf: false, warnings).Place(content);
        return new VectorImport(Assemble(options.FileName, placed, metadata), Report(format, convention, placed, warnings));
    }

    private static SteeringVector Assemble(string file, ImmutableArray<PlacedArray> placed, IReadOnlyDictionary<string, string> metadata)
    {
        var tensors = VectorTensors.Assemble(file, placed);
        return new SteeringVector
        {
            Name = "",
            Version = 0,
            Sha256 = VectorHash.Compute(tensors, null, ImmutableDictionary<Site, float>.Empty),
            Tensors = tensors,
            Metadata = metadata.ToImmutableSortedDictionary(StringComparer.Ordinal),
        };
    }

    private static StoredValue ReadContent(ReadOnlyMemory<byte> bytes, VectorFormat format, string file, SortedDictionary<string, string> metadata, List<string> warnings)
    {
        if (format == VectorFormat.Gguf)
        {
            using var gguf = GgufFile.Parse(bytes, file);
            return GgufControlVector.Read(gguf, metadata, warnings);
        }
        var content = format switch
        {
            VectorFormat.Npy => NumpyFile.ReadNpy(bytes, file),
            VectorFormat.Npz => NumpyFile.ReadNpz(bytes, file),
            VectorFormat.Torch => TorchArchive.Read(bytes, file),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
        };
        if (content is StoredMap map)
            foreach (var (key, text) in map.Texts())
                if (!VectorFile.IsField(key)) metadata[key] = text;
        return content;
    }

    private static ImportReport Report(string format, VectorConvention convention, ImmutableArray<PlacedArray> arrays, List<string> warnings) =>
        new(format, convention.Name,
            [.. arrays.OrderBy(array => array.Site).ThenBy(array => array.Role, StringComparer.Ordinal).Select(array => new Translation(array.Source, array.Target, array.Note))], [.. warnings]);
}
