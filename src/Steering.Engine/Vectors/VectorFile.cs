using System.Collections.Immutable;
using System.Globalization;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>
/// Steering vectors as safetensors files (docs/decisions.md 32): tensors named by site (<see cref="VectorTensorName"/>), metadata <c>unit</c>,
/// <c>residual_norm.&lt;site&gt;</c>, <c>model_fingerprint</c>, and whatever else says where the vector came from.
/// </summary>
public static class VectorFile
{
    private const string UnitKey = "unit", FingerprintKey = "model_fingerprint", NormPrefix = "residual_norm.";

    /// <summary>Reads a file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="name">The vector's name.</param>
    /// <param name="version">Its version; 0 for one that comes with a request.</param>
    /// <exception cref="ModelFormatException">It is malformed, or holds anything that is not part of a vector; the field is the tensor or metadata key.</exception>
    public static SteeringVector Read(string path, string name, int version)
    {
        using var file = SafetensorsFile.Open(path);
        return Convert(file, name, version);
    }

    /// <summary>Reads a file that is already in memory.</summary>
    /// <exception cref="ModelFormatException">As for <see cref="Read"/>.</exception>
    public static SteeringVector Parse(ReadOnlyMemory<byte> bytes, string nameForErrors, string name, int version)
    {
        using var file = SafetensorsFile.Parse(bytes, nameForErrors);
        return Convert(file, name, version);
    }

    /// <summary>The vector as a file; <see cref="Parse"/> gives an equal one back, and equal vectors give equal bytes.</summary>
    public static byte[] Write(SteeringVector vector)
    {
        var writer = new SafetensorsWriter();
        foreach (var (key, value) in vector.Metadata.Where(item => !IsField(item.Key))) writer.AddMetadata(key, value);
        if (vector.Unit is { } unit) writer.AddMetadata(UnitKey, SteeringNames.Of(unit));
        if (vector.ModelFingerprint is { } fingerprint) writer.AddMetadata(FingerprintKey, fingerprint);
        foreach (var (site, norm) in vector.ResidualNorms) writer.AddMetadata($"{NormPrefix}{site}", norm.ToString("R", CultureInfo.InvariantCulture));
        foreach (var tensor in vector.Tensors) writer.Add(tensor.FileName, tensor.Values.AsSpan(), [.. tensor.FileShape]);
        return writer.ToArray();
    }

    /// <summary>True for the metadata keys that are fields of a vector; a file of another project may have them with another meaning.</summary>
    public static bool IsField(string key) => key is UnitKey or FingerprintKey || key.StartsWith(NormPrefix, StringComparison.Ordinal);

    /// <summary>The file's arrays as a vector, with what its metadata says of it.</summary>
    internal static SteeringVector Assemble(SafetensorsFile file, IEnumerable<PlacedArray> arrays, string name, int version)
    {
        var tensors = VectorTensors.Assemble(file.Path, arrays);
        if (tensors.IsEmpty) throw new ModelFormatException(file.Path, "tensors", $"there are none; {VectorTensorName.Expected}");
        var (unit, norms) = (ReadUnit(file), ReadNorms(file));
        return new SteeringVector
        {
            Name = name,
            Version = version,
            Sha256 = VectorHash.Compute(tensors, unit, norms),
            Tensors = tensors,
            Unit = unit,
            ResidualNorms = norms,
            ModelFingerprint = file.Metadata.GetValueOrDefault(FingerprintKey),
            // What has a member of its own stands there alone: said twice it could come to differ.
            Metadata = file.Metadata.Where(pair => !IsField(pair.Key)).ToImmutableSortedDictionary(StringComparer.Ordinal),
        };
    }

    /// <summary>A tensor as an array; it has elements and fits into one, so that no size of it is larger than an int.</summary>
    internal static StoredArray ReadArray(SafetensorsFile file, TensorEntry entry) => entry.Elements is > 0 and <= int.MaxValue
        ? new StoredArray([.. entry.Shape.Select(size => (int)size)], entry.TypeName, file.ReadFloats(entry.Name))
        : throw new ModelFormatException(file.Path, entry.Name, $"has shape {entry.ShapeText}; expected [width]");

    private static SteeringVector Convert(SafetensorsFile file, string name, int version) =>
        Assemble(file, file.Tensors.Values.Select(entry => VectorTensorName.Place(file.Path, entry.Name, ReadArray(file, entry))), name, version);

    private static StrengthUnit? ReadUnit(SafetensorsFile file)
    {
        if (!file.Metadata.TryGetValue(UnitKey, out string? name)) return null;
        return SteeringNames.TryParse(name, out StrengthUnit unit) ? unit
            : throw new ModelFormatException(file.Path, $"__metadata__.{UnitKey}", $"\"{name}\" is unknown; supported: {string.Join(", ", SteeringNames.Units)}");
    }

    private static ImmutableDictionary<Site, float> ReadNorms(SafetensorsFile file)
    {
        var norms = ImmutableDictionary.CreateBuilder<Site, float>();
        foreach (var (key, text) in file.Metadata)
        {
            if (!key.StartsWith(NormPrefix, StringComparison.Ordinal)) continue;
            if (!Site.TryParse(key.AsSpan(NormPrefix.Length), out var site)) throw new ModelFormatException(file.Path, $"__metadata__.{key}", "does not end in a site such as resid_post.4");
            if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float norm) || !float.IsFinite(norm) || norm <= 0)
                throw new ModelFormatException(file.Path, $"__metadata__.{key}", $"\"{text}\" is not a positive number");
            norms[site] = norm;
        }
        return norms.ToImmutable();
    }
}
