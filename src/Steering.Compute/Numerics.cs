namespace Steering.Compute;

/// <summary>How activations enter matrix products and the KV cache; it belongs to the loaded model (docs/decisions.md 1).</summary>
public enum Numerics
{
    /// <summary>To f32 accuracy.</summary>
    Exact,

    /// <summary>Rounded once: to bf16 for bf16 weights where the processor multiplies them faster, to 8 bits for quantised weights; keys and values to bf16.</summary>
    Fast,
}

public static class NumericsNames
{
    /// <summary>The names users write.</summary>
    public static IReadOnlyDictionary<string, Numerics> All { get; } = new Dictionary<string, Numerics> { ["exact"] = Numerics.Exact, ["fast"] = Numerics.Fast };

    /// <summary>The name users read and write: <c>exact</c>, <c>fast</c>.</summary>
    public static string Name(this Numerics numerics) => numerics == Numerics.Exact ? "exact" : "fast";
}
