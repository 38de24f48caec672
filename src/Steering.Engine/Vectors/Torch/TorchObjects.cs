using System.Collections.Immutable;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors.Torch;

/// <summary>
/// What the names in a pickle of torch.save mean here. This is the whole list, a subset of what torch.load allows with weights_only; a name that is not on it is refused when it is read.
/// Sources: torch/_weights_only_unpickler.py, torch/_utils.py and torch/serialization.py of https://github.com/pytorch/pytorch.
/// </summary>
internal sealed class TorchObjects(ZipContents zip, string root, bool isBigEndian, ReadBudget budget)
{
    /// <summary>What to do about a pickle that holds more than this reader takes.</summary>
    public const string Remedy = "this reader builds tensors and plain containers only: save a state_dict or a tensor, or convert to safetensors";

    private static readonly HashSet<PickleGlobal> Callable =
    [
        new("torch._utils", "_rebuild_tensor"), new("torch._utils", "_rebuild_tensor_v2"), new("torch._utils", "_rebuild_tensor_v3"), new("torch._utils", "_rebuild_parameter"),
        new("collections", "OrderedDict"), new("torch", "Size"), new("torch", "device"),
    ];

    private static readonly Dictionary<PickleGlobal, StoredType> StorageTypes = new()
    {
        [new("torch", "DoubleStorage")] = StoredType.Find("float64")!,
        [new("torch", "FloatStorage")] = StoredType.Find("float32")!,
        [new("torch", "HalfStorage")] = StoredType.Find("float16")!,
        [new("torch", "BFloat16Storage")] = StoredType.Find("bfloat16")!,
        [new("torch", "LongStorage")] = StoredType.Find("int64")!,
        [new("torch", "IntStorage")] = StoredType.Find("int32")!,
        [new("torch", "ShortStorage")] = StoredType.Find("int16")!,
        [new("torch", "CharStorage")] = StoredType.Find("int8")!,
        [new("torch", "ByteStorage")] = StoredType.Find("uint8")!,
        [new("torch", "BoolStorage")] = StoredType.Find("bool")!,
        [new("torch.storage", "UntypedStorage")] = StoredType.Find("uint8")!,
    };

    private readonly Dictionary<string, byte[]> _storages = new(StringComparer.Ordinal);

    /// <summary>What a name stands for: something to call, a kind of storage, or a <see cref="StoredType"/> (<c>torch.float32</c>).</summary>
    /// <exception cref="ModelFormatException">It is not on the list.</exception>
    public static object Find(string module, string name, PickleInput input)
    {
        var global = new PickleGlobal(module, name);
        if (Callable.Contains(global) || StorageTypes.ContainsKey(global)) return global;
        if (module == "torch" && StoredType.Find(name) is { } type) return type;
        if (module == "torch" && name.EndsWith("Storage", StringComparison.Ordinal)) throw input.Bad($"has a tensor of {Excerpt.Of(global.ToString())}; expected numbers that are real and not quantised: convert it with .float()");
        throw input.Bad($"names {Excerpt.Of(global.ToString())}, which would be called on loading; {Remedy}");
    }

    /// <summary>What a call of a name makes: an empty <see cref="PickleMap"/>, a tuple of sizes, a text, or a tensor (<see cref="StoredArray"/>).</summary>
    /// <exception cref="ModelFormatException">The arguments are not what torch writes, or the tensor lies outside its storage.</exception>
    public object Call(PickleGlobal callee, object?[] arguments, PickleInput input) => (callee.Name, arguments) switch
    {
        ("OrderedDict", []) => new PickleMap(isOrdered: true),
        ("Size", [object?[] sizes]) => sizes,
        ("device", [string device]) => device,
        ("device", [string device, long index]) => $"{device}:{index}",
        ("_rebuild_tensor", [TorchStorage storage, long offset, object?[] shape, object?[] strides]) => Tensor(storage, storage.Type, offset, shape, strides, input),
        ("_rebuild_tensor_v2", [TorchStorage storage, long offset, object?[] shape, object?[] strides, bool, PickleMap or null, .. var metadata]) when IsPlain(metadata) =>
            Tensor(storage, storage.Type, offset, shape, strides, input),
        ("_rebuild_tensor_v3", [TorchStorage storage, long offset, object?[] shape, object?[] strides, bool, PickleMap or null, StoredType type, .. var metadata]) when IsPlain(metadata) =>
            Tensor(storage, type, offset, shape, strides, input),
        ("_rebuild_parameter", [StoredArray array, bool, PickleMap or null]) => array,
        _ => throw input.Bad($"calls {callee} with ({string.Join(", ", arguments.Take(10).Select(Describe))}), which is not how torch.save writes it; {Remedy}"),
    };

    /// <summary>The storage that a persistent id names: ('storage', its type, key, device, elements).</summary>
    /// <exception cref="ModelFormatException">The archive does not hold it, or holds it in another size.</exception>
    public TorchStorage FindStorage(object? id, PickleInput input)
    {
        if (id is not object?[] parts || parts is not ["storage", PickleGlobal kind, string key, string, long elements])
            throw input.Bad($"has the persistent id {Describe(id)}; expected ('storage', type, key, device, elements)");
        if (!StorageTypes.TryGetValue(kind, out var type)) throw input.Bad($"has a storage of {kind}; expected one such as torch.FloatStorage");
        if (!_storages.TryGetValue(key, out byte[]? bytes))
            _storages.Add(key, bytes = zip.Read($"{root}data/{key}") ?? throw input.Bad($"has a tensor whose numbers are in 'data/{Excerpt.Of(key)}', which the archive does not hold"));
        if (elements < 0 || (Int128)elements * type.Width != bytes.Length)
            throw input.Bad($"says that 'data/{Excerpt.Of(key)}' has {elements} elements of {type.Name}, {(Int128)elements * type.Width} bytes; it has {bytes.Length}");
        return new TorchStorage(type, bytes);
    }

    /// <summary>A value as messages name it.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "None",
        bool => "a bool",
        long => "an int",
        double => "a float",
        string => "a str",
        object?[] => "a tuple",
        List<object?> => "a list",
        PickleMap => "a dict",
        StoredArray => "a tensor",
        TorchStorage => "a storage",
        StoredType type => $"torch.{type.Name}",
        _ => value.ToString() ?? "",
    };

    // Metadata says that a tensor is to be conjugated or negated when it is read.
    private static bool IsPlain(ReadOnlySpan<object?> metadata) => metadata is [] or [null] or [PickleMap { Items.Count: 0 }];

    private StoredArray Tensor(TorchStorage storage, StoredType type, long offset, object?[] shape, object?[] strides, PickleInput input)
    {
        var layout = new ArrayLayout(type, isBigEndian, offset, [.. Numbers(shape, int.MaxValue, "size", input).Select(size => (int)size)], [.. Numbers(strides, long.MaxValue, "stride", input)]);
        return layout.Read(storage.Bytes, budget, input.File, input.Field);
    }

    private static ImmutableArray<long> Numbers(object?[] values, long most, string what, PickleInput input)
    {
        if (values.Length > ArrayLayout.MaxDimensions) throw input.Bad($"has a tensor of {values.Length} dimensions; at most {ArrayLayout.MaxDimensions} are read");
        return [.. values.Select(value => value is long number && number >= 0 && number <= most ? number : throw input.Bad($"has a tensor with a {what} of {(value is long found ? found : Describe(value))}; expected 0 to {most}"))];
    }
}
