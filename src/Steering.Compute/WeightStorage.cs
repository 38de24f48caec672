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
