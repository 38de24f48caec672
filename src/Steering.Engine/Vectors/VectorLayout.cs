using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>Decides where the arrays of a file belong: by the convention that was asked for, or by the names and shapes it finds.</summary>
/// <param name="options">What the sender knows.</param>
/// <param name="isGguf">Names of directions then have llama.cpp's meaning.</param>
/// <param name="warnings">Takes every choice that the file left open.</param>
internal sealed partial class VectorLayout(ImportOptions options, bool isGguf, List<string> warnings)
{
    // More than any model has sites; an array of very many narrow rows would become very many tensors.
    private const int MaxRows = 16_384;

    private readonly string _file = options.FileName;
    private readonly VectorConvention? _asked = options.Convention is { } name ? VectorConvention.Named(name, options.FileName) : null;

    /// <exception cref="ModelFormatException">It cannot be told where an array belongs, or what was asked for does not fit.</exception>
    public (VectorConvention Convention, ImmutableArray<PlacedArray> Arrays) Place(StoredValue content)
    {
        if (content is StoredMap plane && SelectivePlane.IsPlane(plane)) return (Sure("selective", "a plane with its modules"), SelectivePlane.Place(_file, plane, warnings));
        if (content is not StoredMap map) return PlaceRows(Rows("array", content));
        var (arrays, isCandidates) = ArraysIn(map);
        string[] names = [.. arrays.Select(array => array.Name)];
        // numpy calls an array without a name arr_0, and others call it what they like.
        if (arrays is [var only] && (_asked is null ? !IsKnown(only.Name) : IsSingle(_asked) || (_asked.HasRows && !IsKnown(only.Name)))) return PlaceRows(Rows(only.Name, only.Array));
        var convention = (isCandidates ? Sure("selective", "candidates by module") : _asked) ?? Recognise(names);
        if (IsSingle(convention)) throw Bad("convention", $"{convention.Name} has one direction per file; the file has {arrays.Length}: {string.Join(", ", names.Take(3))}, …");
        if (!options.Sites.IsEmpty) throw Bad("sites", $"the file says itself where its tensors belong ({names[0]}, …); leave sites out");
        return (convention, PlaceNamed(convention, arrays));
    }

    private VectorConvention Recognise(string[] names)
    {
        if (names.All(name => VectorTensorName.TryParse(name, out _, out _))) return VectorConvention.Named("steering", _file);
        if (isGguf) return VectorConvention.Named("llama.cpp", _file);
        if (names.All(name => ModuleName.TryParseBlock(name, out _)))
        {
            warnings.Add($"its names are numbers ({names[0]}, …), and k was read as the output of block k, resid_post.k; if k counts hidden states, the convention is hidden_states");
            return VectorConvention.Named("blocks", _file);
        }
        if (names.All(name => ModuleName.TryParse(name, false, out _))) return VectorConvention.Named("modules", _file);
        throw names.FirstOrDefault(name => !IsKnown(name)) is { } unknown ? Bad(unknown, $"does not say where it belongs; expected {ModuleName.Expected}, or a site (resid_post.4)")
            : Bad("tensors", $"their names are of several kinds ({string.Join(", ", names.Take(3))}, …); expected sites, blocks or modules alone");
    }

    private ImmutableArray<PlacedArray> PlaceNamed(VectorConvention convention, ImmutableArray<(string Name, StoredArray Array)> arrays)
    {
        if (convention.Name == "steering") return [.. arrays.Select(array => VectorTensorName.Place(_file, array.Name, array.Array))];
        if (convention.Place is null)
        {
            bool hasFourNorms = ModuleName.HasFourNorms(arrays.Select(array => array.Name));
            return WithoutZeros([.. arrays.Select(array => ModuleName.TryParse(array.Name, hasFourNorms, out var site) ? new PlacedArray(array.Name, site, "", array.Array)
                : throw Bad(array.Name, $"names no module that is known; expected {ModuleName.Expected}"))]);
        }
        int[] blocks = [.. arrays.Select(array => ModuleName.TryParseBlock(array.Name, out int block) ? block : throw Bad(array.Name, $"names no block; convention {convention.Name} expects {ModuleName.Expected}"))];
        int last = (options.Blocks ?? blocks.Max() + 1) - 1;
        if (convention.Name == "hidden_states" && options.Blocks is null) throw Bad("convention", "without the model it cannot be told which hidden state comes after the final norm; expected its number of blocks");
        return WithoutZeros([.. arrays.Select((array, i) =>
            Indexed(convention, array.Name, array.Array, new BlockIndex(_file, array.Name, blocks[i], blocks[i] == last, blocks[i] == options.Blocks)))]);
    }

    private (VectorConvention, ImmutableArray<PlacedArray>) PlaceRows(ImmutableArray<(string Name, StoredArray Array)> rows)
    {
        if (_asked is { HasRows: true } || (_asked is null && options.Sites.IsEmpty && rows.Length > 1)) return PlaceIndexedRows(rows);
        if (_asked is not null && !IsSingle(_asked)) throw Bad("convention", $"the file holds {Describe(rows)} without names, which {_asked.Name} does not have; expected sites, blocks or hidden_states");
        bool isCaa = _asked?.Name == "caa" || _asked is null;
        if (options.Sites.IsEmpty && isCaa && rows.Length == 1 && CaaName().Match(_file) is { Success: true } match)
        {
            var site = new Site(SitePoint.ResidPost, int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
            return (VectorConvention.Named("caa", _file), [new PlacedArray(rows[0].Name, site, "", rows[0].Array, $"layer {site.Block} is in the file's name")]);
        }
        if (options.Sites.Length != rows.Length)
            throw Bad("sites", $"found {options.Sites.Length} sites for {Describe(rows)}; expected one per direction, such as resid_post.4: the file does not say where they belong"
                + (_asked?.Name == "refusal_direction" ? " (resid_pre and the layer in its direction_metadata.json)" : ""));
        var convention = _asked ?? VectorConvention.Named("sites", _file);
        return (convention, [.. rows.Select((row, i) => new PlacedArray(row.Name, options.Sites[i], "", row.Array,
            convention.Name == "refusal_direction" && options.Sites[i].Point != SitePoint.ResidPre ? "refusal_direction measures at resid_pre" : null))]);
    }

    private (VectorConvention, ImmutableArray<PlacedArray>) PlaceIndexedRows(ImmutableArray<(string Name, StoredArray Array)> rows)
    {
        if (!options.Sites.IsEmpty) throw Bad("sites", $"convention {_asked!.Name} says where the rows belong; leave out one of the two");
        var convention = _asked ?? VectorConvention.Named(rows.Length == options.Blocks + 1 ? "hidden_states" : "blocks", _file);
        int? expected = options.Blocks + (convention.Name == "hidden_states" ? 1 : 0);
        if (expected is { } count && rows.Length != count)
            throw Bad("rows", $"found {rows.Length}; convention {convention.Name} expects {count} for a model of {options.Blocks} blocks"
                + (_asked is null ? $", hidden_states {count + 1}" : "") + ": say with sites where each belongs");
        if (_asked is null)
            warnings.Add(options.Blocks is null ? $"the model is not known, so its {rows.Length} rows were read as blocks; hidden states have one row more than the model has blocks"
                : $"its {rows.Length} rows were read as {convention.Name}, for a model of {options.Blocks} blocks");
        return (convention, WithoutZeros([.. rows.Select((row, i) =>
            Indexed(convention, row.Name, row.Array, new BlockIndex(_file, row.Name, i, i == rows.Length - 1, i == rows.Length - 1)))]));
    }

    private static PlacedArray Indexed(VectorConvention convention, string name, StoredArray array, BlockIndex index)
    {
        var (site, note) = convention.Place!(index);
        return new PlacedArray(name, site, "", array, note);
    }

    // Both classes often agree exactly somewhere (the embedding of the last token): a direction of zeros is none.
    private ImmutableArray<PlacedArray> WithoutZeros(ImmutableArray<PlacedArray> arrays)
    {
        PlacedArray[] zeros = [.. arrays.Where(array => !array.Array.Values.AsSpan().ContainsAnyExcept(0f))];
        if (zeros.Length == 0 || zeros.Length == arrays.Length) return arrays;
        warnings.Add($"{string.Join(", ", zeros.Select(array => array.Source))}: all zeros, and left out");
        return [.. arrays.Except(zeros)];
    }

    /// <summary>The arrays of a dictionary, or of the only dictionary in it that has some.</summary>
    private (ImmutableArray<(string Name, StoredArray Array)> Arrays, bool IsCandidates) ArraysIn(StoredMap map)
    {
        bool isCandidates = map.Find("candidates") is StoredMap;
        if (isCandidates && map.Find("selected_direction") is not null) warnings.Add("selected_direction is one of the candidates and was not read a second time");
        var source = isCandidates ? (StoredMap)map.Find("candidates")! : map;
        ImmutableArray<(string Name, StoredArray Array)> arrays = [.. source.Items.Where(item => item.Value is StoredArray { Shape.Length: > 0 }).Select(item => (Excerpt.Of(item.Key), (StoredArray)item.Value))];
        if (!arrays.IsEmpty) return (arrays, isCandidates);
        StoredMap[] inner = [.. map.Items.Select(item => item.Value).OfType<StoredMap>().Where(item => item.Items.Any(inside => inside.Value is StoredArray { Shape.Length: > 0 }))];
        return inner is [var one] ? ArraysIn(one)
            : throw Bad("tensors", inner.Length == 0 ? "there are none; expected directions" : $"there are {inner.Length} dictionaries of them; save the one that is the vector");
    }

    private ImmutableArray<(string Name, StoredArray Array)> Rows(string name, StoredValue content)
    {
        if (content is StoredList list)
            return list.Items is [StoredArray, ..] && list.Items.All(item => item is StoredArray) ? [.. list.Items.Select((item, i) => ($"item {i}", (StoredArray)item))]
                : throw Bad("file", "is a list of other things than tensors; expected one direction per item");
        if (content is not StoredArray array) throw Bad("file", "holds no tensor; expected directions");
        string shape = $"[{string.Join(", ", array.Shape)}]";
        if (array.Shape.Length is not (1 or 2) || array.Values.Length == 0) throw Bad(name, $"has shape {shape}; expected [width] or [rows, width]: choose one direction per site and save that");
        if (array.Shape.Length == 1) return [(name, array)];
        if (array.Shape[0] > MaxRows) throw Bad(name, $"has shape {shape}; expected one row per site, at most {MaxRows}");
        int width = array.Shape[1];
        if (width != options.Width && array.Shape[0] == options.Width) throw Bad(name, $"has shape {shape}; expected [rows, {options.Width}]: transpose it");
        return [.. array.Values.Chunk(width).Select((row, i) => (array.Shape[0] == 1 ? name : $"row {i}", new StoredArray([width], array.TypeName, row)))];
    }

    // What the content leaves no doubt about: another convention that was asked for is a mistake.
    private VectorConvention Sure(string name, string found) => _asked is null || _asked.Name == name ? VectorConvention.Named(name, _file)
        : throw Bad("convention", $"the file holds {found}, which is {name}; the request says {_asked.Name}: leave convention out");

    // The file holds directions and does not say where they belong.
    private static bool IsSingle(VectorConvention convention) => convention.Name is "sites" or "caa" or "refusal_direction";

    private static bool IsKnown(string name) =>
        VectorTensorName.TryParse(name, out _, out _) || ModuleName.TryParseBlock(name, out _) || ModuleName.TryParse(name, false, out _);

    private static string Describe(ImmutableArray<(string, StoredArray)> rows) => rows.Length == 1 ? "one direction" : $"{rows.Length} directions";

    private ModelFormatException Bad(string field, string message) => new(_file, field, message);

    [GeneratedRegex(@"^vec_layer_([0-9]{1,6})(?:_|\.)", RegexOptions.CultureInvariant)]
    private static partial Regex CaaName();
}
