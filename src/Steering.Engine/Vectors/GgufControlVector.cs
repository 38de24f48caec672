using System.Collections.Immutable;
using System.Globalization;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Loading.Gguf;

namespace Steering.Engine.Vectors;

/// <summary>
/// Control vectors as llama.cpp and repeng exchange them: one F32 tensor <c>direction.k</c> per block k from 1 on. What llama.cpp's loader refuses is refused for its reason
/// (common_control_vector_load_one in common/common.cpp).
/// </summary>
internal static class GgufControlVector
{
    private const string Prefix = "direction.";
    private const string Architecture = "controlvector", ArchitectureKey = "general.architecture", HintKey = $"{Architecture}.model_hint", CountKey = $"{Architecture}.layer_count";

    /// <summary>The directions, in the order of their blocks.</summary>
    /// <param name="metadata">Takes what the file says of itself.</param>
    /// <exception cref="ModelFormatException">It is no control vector, or one that llama.cpp refuses.</exception>
    public static StoredMap Read(GgufFile file, IDictionary<string, string> metadata, List<string> warnings)
    {
        var directions = new SortedDictionary<int, StoredArray>();
        long width = -1;
        foreach (var entry in file.Tensors.Values)
        {
            int block = BlockOf(file, entry.Name);
            if (entry.Type != ElementType.Float32) throw Bad(file, entry, $"is {entry.TypeName}; llama.cpp loads directions of F32 only: convert it");
            // As ggml counts dimensions: sizes of 1 beyond the first do not.
            if (entry.Shape.IsEmpty || entry.Elements != entry.Shape[^1]) throw Bad(file, entry, $"has shape {entry.ShapeText}; llama.cpp loads directions of one dimension only");
            if (width < 0) width = entry.Elements;
            if (entry.Elements != width) throw Bad(file, entry, $"has {entry.Elements} values, the directions before it {width}; llama.cpp loads directions of one width only");
            directions[block] = new StoredArray([checked((int)width)], entry.TypeName, file.ReadFloats(entry.Name));
        }
        if (directions.Count == 0) throw new ModelFormatException(file.Path, "tensors", "there are none; expected direction.1, direction.2, …");
        ReadMetadata(file, directions, metadata, warnings);
        return new StoredMap([.. directions.Select(item => KeyValuePair.Create<string, StoredValue>(NameOf(item.Key), item.Value))]);
    }

    /// <summary>The vector as a file that llama.cpp and repeng read.</summary>
    /// <exception cref="ModelFormatException">It has something that such a file cannot hold; the field is the tensor.</exception>
    public static byte[] Write(SteeringVector vector)
    {
        var writer = new GgufWriter().AddMetadata(ArchitectureKey, Architecture)
            .AddMetadata(HintKey, vector.Metadata.GetValueOrDefault("model_hint") ?? vector.Metadata.GetValueOrDefault("model") ?? "")
            .AddMetadata(CountKey, (uint)vector.Tensors.Length);
        if (vector.Unit is { } unit and not StrengthUnit.Raw)
            throw Unsupported(vector, "unit", $"strengths of this vector count {SteeringNames.Of(unit)}, and a GGUF control vector has neither a unit nor residual norms: llama.cpp would add multiples of the tensor");
        foreach (var tensor in vector.Tensors)
        {
            if (tensor.Role.Length > 0 || tensor.Rows != 1) throw Unsupported(vector, tensor.FileName, "a GGUF control vector holds one direction per block, neither planes nor subspaces nor maps");
            if (tensor.Site.Point != SitePoint.ResidPost) throw Unsupported(vector, tensor.FileName, "a GGUF control vector holds directions at block outputs (resid_post) only");
            if (tensor.Site.Block == 0) throw Unsupported(vector, tensor.FileName, "llama.cpp has no control vector for block 0 and refuses direction.0");
            writer.Add(NameOf(tensor.Site.Block), tensor.Values.AsSpan(), tensor.Columns);
        }
        return writer.ToArray();
    }

    private static string NameOf(int block) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{block}");

    private static int BlockOf(GgufFile file, string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !Site.TryParseBlock(name.AsSpan(Prefix.Length), out int block))
            throw new ModelFormatException(file.Path, name, "is not a direction; llama.cpp refuses a control vector with tensors other than direction.1, direction.2, …");
        return block > 0 ? block
            : throw new ModelFormatException(file.Path, name, "llama.cpp refuses direction.0: it has no control vector for block 0, and blocks count from 0 there; the first is direction.1");
    }

    private static void ReadMetadata(GgufFile file, SortedDictionary<int, StoredArray> directions, IDictionary<string, string> metadata, List<string> warnings)
    {
        string? architecture = file.Value(ArchitectureKey) as string;
        if (architecture != Architecture)
            warnings.Add($"{ArchitectureKey} is {(architecture is null ? "missing" : $"\"{architecture}\"")}; a control vector says \"{Architecture}\". llama.cpp does not look, and it was read as one");
        if (file.Value(HintKey) is string hint) metadata["model_hint"] = hint;
        object? count = file.Value(CountKey);
        if (count is int or uint)
        {
            string said = Convert.ToString(count, CultureInfo.InvariantCulture)!;
            metadata["layer_count"] = said;
            if (said != directions.Count.ToString(CultureInfo.InvariantCulture)) warnings.Add($"{CountKey} is {said}; the file has {directions.Count} directions");
        }
        // repeng stores the count unsigned, cvector-generator as int (gguf_set_val_i32).
        if (count is int)
            warnings.Add($"{CountKey} is of type Int32, as llama.cpp's cvector-generator writes it: direction.k was then measured at resid_post.(k-1); the convention cvector-generator puts it there");
        string[] gaps = [.. Gaps(directions.Keys)];
        if (gaps.Length > 0) warnings.Add(gaps is [var gap] && !gap.Contains('-', StringComparison.Ordinal) ? $"block {gap} has no direction; it counts as zero, as in llama.cpp" : $"blocks {string.Join(", ", gaps)} have no direction; they count as zero, as in llama.cpp");
    }

    private static IEnumerable<string> Gaps(IEnumerable<int> blocks)
    {
        int next = 1;
        foreach (int block in blocks)
        {
            if (block > next) yield return block - next == 1 ? $"{next}" : $"{next}-{block - 1}";
            next = block + 1;
        }
    }

    private static ModelFormatException Bad(GgufFile file, TensorEntry entry, string message) => new(file.Path, entry.Name, message);

    private static ModelFormatException Unsupported(SteeringVector vector, string field, string message) => new($"{vector.Name}.gguf", field, $"{message}; export it as safetensors");
}
