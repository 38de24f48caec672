using Steering.Compute.Quantised;

namespace Steering.Engine.Loading.Gguf;

/// <summary>
/// How ggml stores the elements of a tensor: blocks of some elements in some bytes. Numbers and sizes are those of ggml.h and ggml-common.h;
/// 4, 5, 31 to 33 and 36 to 38 were types once and are no more.
/// </summary>
/// <param name="Name">As ggml calls it (<c>Q4_1</c>).</param>
/// <param name="BlockElements">Elements per block; the innermost size of a tensor is a multiple of it. 0 where the type is not known.</param>
/// <param name="BlockBytes">Bytes per block.</param>
internal sealed record GgmlType(string Name, ElementType Element, int BlockElements, int BlockBytes)
{
    private static readonly Dictionary<uint, GgmlType> Known = new()
    {
        [0] = new("F32", ElementType.Float32, 1, 4),
        [1] = new("F16", ElementType.Float16, 1, 2),
        [2] = Read("Q4_0"),
        [3] = Read("Q4_1"),
        [6] = Read("Q5_0"),
        [7] = Read("Q5_1"),
        [8] = Read("Q8_0"),
        [9] = Quantised("Q8_1", 32, 36),
        [10] = Read("Q2_K"),
        [11] = Read("Q3_K"),
        [12] = Read("Q4_K"),
        [13] = Read("Q5_K"),
        [14] = Read("Q6_K"),
        [15] = Quantised("Q8_K", 256, 292),
        [16] = Quantised("IQ2_XXS", 256, 66),
        [17] = Quantised("IQ2_XS", 256, 74),
        [18] = Quantised("IQ3_XXS", 256, 98),
        [19] = Quantised("IQ1_S", 256, 50),
        [20] = Read("IQ4_NL"),
        [21] = Quantised("IQ3_S", 256, 110),
        [22] = Quantised("IQ2_S", 256, 82),
        [23] = Read("IQ4_XS"),
        [24] = new("I8", ElementType.Int8, 1, 1),
        [25] = new("I16", ElementType.Int16, 1, 2),
        [26] = new("I32", ElementType.Int32, 1, 4),
        [27] = new("I64", ElementType.Int64, 1, 8),
        [28] = new("F64", ElementType.Float64, 1, 8),
        [29] = Quantised("IQ1_M", 256, 56),
        [30] = new("BF16", ElementType.BFloat16, 1, 2),
        [34] = Quantised("TQ1_0", 256, 54),
        [35] = Quantised("TQ2_0", 256, 66),
        [39] = Quantised("MXFP4", 32, 17),
        [40] = Quantised("NVFP4", 64, 36),
        [41] = Quantised("Q1_0", 128, 18),
    };

    /// <summary>The type with a number; one that is not known has no sizes.</summary>
    public static GgmlType Of(uint number) => Known.GetValueOrDefault(number) ?? new GgmlType($"type {number}", ElementType.Unknown, 0, 0);

    /// <summary>Blocks that can be computed with.</summary>
    private static GgmlType Read(string name)
    {
        var format = BlockFormat.All.Single(format => format.Name == name);
        return new GgmlType(name, ElementType.Unsupported, format.Values, format.Bytes);
    }

    /// <summary>Blocks of which only the size is known.</summary>
    private static GgmlType Quantised(string name, int elements, int bytes) => new(name, ElementType.Unsupported, elements, bytes);
}
