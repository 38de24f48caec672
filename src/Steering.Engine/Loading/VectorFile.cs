using System.Collections.Immutable;
using System.Globalization;
using Steering.Engine.Interventions;

namespace Steering.Engine.Loading;

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
        foreach (var (key, value) in vector.Metadata) writer.AddMetadata(key, value);
        if (vector.Unit is { } unit) writer.AddMetadata(UnitKey, SteeringNames.Of(unit));
        if (vector.ModelFingerprint is { } fingerprint) writer.AddMetadata(FingerprintKey, fingerprint);
        foreach (var (site, norm) in vector.ResidualNorms) writer.AddMetadata($"{NormPrefix}{site}", norm.ToString("R", CultureInfo.InvariantCulture));
        foreach (var tensor in vector.Tensors)
            writer.Add(tensor.FileName, tensor.Values.AsSpan(), tensor.Role == "u" ? [tensor.Rows, tensor.Columns] : [tensor.Columns]);
        return writer.ToArray();
    }

    private static SteeringVector Convert(SafetensorsFile file, string name, int version)
    {
        var tensors = ReadTensors(file);
        return new SteeringVector
        {
            Name = name,
            Version = version,
            Sha256 = VectorHash.Compute(tensors),
            Tensors = tensors,
            Unit = ReadUnit(file),
            ResidualNorms = ReadNorms(file),
            ModelFingerprint = file.Metadata.GetValueOrDefault(FingerprintKey),
            Metadata = file.Metadata.ToImmutableSortedDictionary(StringComparer.Ordinal),
        };
    }

    private static ImmutableArray<SteeringTensor> ReadTensors(SafetensorsFile file)
    {
        var tensors = new SortedDictionary<(Site Site, string Role), (SteeringTensor Tensor, string Name)>(
            Comparer<(Site Site, string Role)>.Create((a, b) => a.Site != b.Site ? a.Site.CompareTo(b.Site) : string.CompareOrdinal(a.Role, b.Role)));
        foreach (var entry in file.Tensors.Values)
        {
            if (entry.Name.StartsWith("plane.", StringComparison.Ordinal))
                throw new ModelFormatException(file.Path, entry.Name, "a plane shared by all sites is not supported; store it at each site, as resid_post.4.b1 and resid_post.4.b2");
            if (!VectorTensorName.TryParse(entry.Name, out var site, out string role)) throw new ModelFormatException(file.Path, entry.Name, $"does not name a site; {VectorTensorName.Expected}");
            if (tensors.TryGetValue((site, role), out var other)) throw new ModelFormatException(file.Path, entry.Name, $"is the same place as {other.Name}");
            tensors.Add((site, role), (ReadTensor(file, entry, site, role), entry.Name));
        }
        if (tensors.Count == 0) throw new ModelFormatException(file.Path, "tensors", $"there are none; {VectorTensorName.Expected}");
        CheckSites(file, [.. tensors.Values]);
        return [.. tensors.Values.Select(item => item.Tensor)];
    }

    private static SteeringTensor ReadTensor(SafetensorsFile file, TensorEntry entry, Site site, string role)
    {
        var shape = entry.Shape;
        bool fits = role == "u" ? shape.Length is 1 or 2 : shape.Length == 1 || (shape.Length == 2 && shape[0] == 1);
        string expected = role == "u" ? "[rows, width]" : "[width]; several directions at one site are a subspace, named .u";
        if (!fits || entry.Elements == 0) throw new ModelFormatException(file.Path, entry.Name, $"has shape {entry.ShapeText}; expected {expected}");
        float[] values = file.ReadFloats(entry.Name);
        int bad = Array.FindIndex(values, value => !float.IsFinite(value));
        if (bad >= 0) throw new ModelFormatException(file.Path, entry.Name, string.Create(CultureInfo.InvariantCulture, $"value {bad} is {values[bad]}; every value must be finite in f32"));
        int columns = (int)shape[^1];
        return new SteeringTensor(site, role, values.Length / columns, columns, [.. values]);
    }

    // Tensors of one kind of activation have one width, and a plane has two sides.
    private static void CheckSites(SafetensorsFile file, ImmutableArray<(SteeringTensor Tensor, string Name)> tensors)
    {
        var first = new Dictionary<SitePoint, (SteeringTensor Tensor, string Name)>();
        foreach (var (tensor, name) in tensors)
        {
            if (!first.TryAdd(tensor.Site.Point, (tensor, name)) && first[tensor.Site.Point] is var (earlier, earlierName) && earlier.Columns != tensor.Columns)
                throw new ModelFormatException(file.Path, name, $"has width {tensor.Columns}, but {earlierName} has {earlier.Columns}");
            string? partner = tensor.Role switch { "b1" => "b2", "b2" => "b1", _ => null };
            if (partner is not null && !tensors.Any(item => item.Tensor.Site == tensor.Site && item.Tensor.Role == partner))
                throw new ModelFormatException(file.Path, name, $"is one side of a plane; {tensor.Site}.{partner} is missing");
        }
    }

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
