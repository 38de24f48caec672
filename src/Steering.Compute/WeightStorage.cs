namespace Steering.Compute;

/// <summary>How weights are kept in memory, whatever the file stores.</summary>
public enum WeightStorage
{
    /// <summary>As stored.</summary>
    Stored,
    F32,
    /// <summary>Rounded to nearest.</summary>
    Bf16,
    /// <summary>ggml's Q8_0: 32 inputs share an f16 scale, the largest becomes 127. Weights that are quantised already stay as they are.</summary>
    Q8,
}

public static class WeightStorageNames
{
    /// <summary>The names users write.</summary>
    public static IReadOnlyDictionary<string, WeightStorage> All { get; } = new Dictionary<string, WeightStorage> { ["stored"] = WeightStorage.Stored, ["f32"] = WeightStorage.F32, ["bf16"] = WeightStorage.Bf16, ["q8_0"] = WeightStorage.Q8 };
}
