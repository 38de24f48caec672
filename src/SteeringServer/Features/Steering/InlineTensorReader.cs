using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Interventions;
using SteeringServer.Requests;

namespace SteeringServer.Features.Steering;

/// <summary>
/// Reads tensors that come with a request: numbers under <c>values</c> (nested lists or flat), or base64 of little-endian values under <c>data</c> with
/// <c>dtype</c>. Shape [width] is one direction for every site; [sites, width] one a site, in the order of the sites; with role u [rows, width] or
/// [sites, rows, width]; so for r and w, the matrices of a low-rank map, whose b has [rows] or [sites, rows].
/// </summary>
internal static class InlineTensorReader
{
    private const int MostBlocks = 4096;
    // What a body can hold; without it, one wide direction for thousands of sites would multiply.
    private const int MostValues = 1 << 24;

    /// <returns>Null where a problem was reported.</returns>
    public static ImmutableArray<SteeringTensor>? Read(JsonFields fields)
    {
        string role = ReadRole(fields);
        var sites = ReadSites(fields);
        var shape = ReadShape(fields);
        var values = ReadValues(fields, ref shape);
        if (sites.IsEmpty || values is null || shape is null) return null;
        int width = shape[^1], perSite = values.Length / sites.Length;
        bool isShared = shape.Length == 1 || (TensorRoles.HasRows(role) && shape.Length == 2 && sites.Length == 1);
        if (isShared) perSite = values.Length;
        else if (shape[0] != sites.Length || (shape.Length == 3 && !TensorRoles.HasRows(role)))
        {
            fields.Report("shape", $"found [{string.Join(", ", shape)}] for {sites.Length} sites; expected [{sites.Length}, {width}], one row a site in the "
                + $"order given, or [{width}] for the same direction at each");
            return null;
        }
        if ((long)perSite * sites.Length > MostValues)
        {
            fields.Report("shape", $"{values.Length} values at {sites.Length} sites are more than the {MostValues} that an inline vector may have");
            return null;
        }
        ImmutableArray<float> all = [.. values];
        return [.. sites.Select((site, i) => new SteeringTensor(site, role, perSite / width, width, isShared ? all : all.Slice(i * perSite, perSite)))];
    }

    private static string ReadRole(JsonFields fields)
    {
        string role = fields.String("role") ?? "";
        if (TensorRoles.IsKnown(role)) return role;
        fields.Report("role", $"found {Found.Quote(role)}; leave it out for a direction, or say b1 and b2 for a plane, u for a subspace, r, w and b for a low-rank map");
        return "";
    }

    private static ImmutableArray<Site> ReadSites(JsonFields fields)
    {
        if (!fields.Has("sites") && !fields.Has("layers"))
        {
            fields.Report("layers", "is missing; say where the tensor belongs by layers ([4] or [\"2-6\"]: block outputs) or sites ([\"attn_out.3\"])");
            return [];
        }
        var sites = ImmutableArray.CreateBuilder<Site>();
        foreach (var selector in SiteReader.Read(fields))
        {
            string name = fields.Has("layers") ? "layers" : "sites";
            if (Site.IsGlobal(selector.Point)) sites.Add(new Site(selector.Point, -1));
            else if (selector.First is not { } first) fields.Report(name, "a tensor belongs to named blocks, not to *; name them");
            else if (selector.Last - first >= MostBlocks) fields.Report(name, $"{selector} are more blocks than any model has");
            else for (int block = first; block <= (selector.Last ?? first); block++) sites.Add(new Site(selector.Point, block));
        }
        if (sites.Distinct().Count() == sites.Count) return sites.ToImmutable();
        fields.Report(fields.Has("layers") ? "layers" : "sites", "names a site twice; name each once");
        return [];
    }

    private static int[]? ReadShape(JsonFields fields)
    {
        if (fields.Take("shape") is not { } value) return null;
        int[] shape = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => JsonNumbers.TryInt(item, out int size) ? size : 0)] : [];
        if (shape.Length is 1 or 2 or 3 && shape.All(size => size > 0) && shape.Aggregate(1L, (product, size) => product * size) <= int.MaxValue) return shape;
        fields.Expected("shape", value, "[width], [sites, width] or, for u, r and w, [sites, rows, width], all positive");
        return null;
    }

    private static float[]? ReadValues(JsonFields fields, ref int[]? shape)
    {
        bool hasData = fields.Has("data"), hasValues = fields.Has("values");
        string type = fields.String("dtype") ?? "f32";
        if (type is not ("f32" or "f16" or "bf16")) fields.Report("dtype", $"found {Found.Quote(type)}; expected f32, f16 or bf16");
        if (hasData == hasValues)
        {
            fields.Report("data", hasData ? "data and values both hold the tensor; leave one out" : "is missing; send the tensor as base64 under data, or as "
                + "a list of numbers under values");
            return null;
        }
        var values = hasData ? ReadBase64(fields, type, shape) : ReadNumbers(fields, ref shape);
        if (values is null) return null;
        int bad = Array.FindIndex(values, value => !float.IsFinite(value));
        if (bad < 0) return values;
        fields.Report(hasData ? "data" : "values", $"value {bad} is {(float.IsNaN(values[bad]) ? "not a number (NaN)" : "infinite")}; every value must be finite");
        return null;
    }

    private static float[]? ReadBase64(JsonFields fields, string type, int[]? shape)
    {
        var data = fields.Take("data")!.Value;
        if (data.ValueKind != JsonValueKind.String || !data.TryGetBytesFromBase64(out byte[]? bytes))
        {
            fields.Report("data", $"found {Found.Describe(data)}; expected base64 of little-endian {type} values");
            return null;
        }
        if (shape is null)
        {
            if (!fields.Has("shape")) fields.Report("shape", "is missing; data needs it: [width] or [sites, width]");
            return null;
        }
        int size = type == "f32" ? 4 : 2;
        int count = shape.Aggregate(1, (product, length) => product * length);
        if (bytes.Length != (long)count * size)
        {
            fields.Report("data", $"has {bytes.Length} bytes; shape [{string.Join(", ", shape)}] of {type} needs {(long)count * size}");
            return null;
        }
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            var at = bytes.AsSpan(i * size);
            values[i] = type switch
            {
                "f32" => BinaryPrimitives.ReadSingleLittleEndian(at),
                "f16" => (float)BinaryPrimitives.ReadHalfLittleEndian(at),
                _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(at) << 16),
            };
        }
        return values;
    }

    // The shape of nested lists is read off them; a flat list takes the shape that is given, or is one direction.
    private static float[]? ReadNumbers(JsonFields fields, ref int[]? shape)
    {
        var root = fields.Take("values")!.Value;
        var nested = new List<int>();
        for (var level = root; level.ValueKind == JsonValueKind.Array && nested.Count < 3; level = level[0])
        {
            nested.Add(level.GetArrayLength());
            if (nested[^1] == 0) break;
        }
        var values = new List<float>();
        if (nested.Count == 0 || nested.Contains(0) || !Flatten(root, [.. nested], 0, values))
        {
            fields.Report("values", $"found {Found.Describe(root)}; expected numbers in a list, or lists of equal length of them");
            return null;
        }
        shape ??= nested.Count == 1 && fields.Has("shape") ? null : [.. nested];
        if (shape is null) return null; // the given shape was malformed, and reported
        if (nested.Count > 1 && !shape.AsSpan().SequenceEqual([.. nested]) || shape.Aggregate(1L, (product, size) => product * size) != values.Count)
        {
            fields.Report("values", $"holds [{string.Join(", ", nested)}] numbers, but shape says [{string.Join(", ", shape)}]");
            return null;
        }
        return [.. values];
    }

    private static bool Flatten(JsonElement value, ReadOnlySpan<int> shape, int level, List<float> values)
    {
        if (level == shape.Length)
        {
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number)) return false;
            values.Add((float)number);
            return true;
        }
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() != shape[level]) return false;
        foreach (var item in value.EnumerateArray())
            if (!Flatten(item, shape, level + 1, values)) return false;
        return true;
    }
}
