using System.Collections.Immutable;

namespace Steering.Engine.Loading;

/// <summary>One tensor as the header of a safetensors or GGUF file describes it, checked against the file.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">How its elements are encoded.</param>
/// <param name="TypeName">The type as the file writes it (<c>BF16</c>).</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Length">Bytes; elements times width or blocks times their bytes, except for <see cref="ElementType.Unknown"/>.</param>
public sealed record TensorEntry(string Name, ElementType Type, string TypeName, ImmutableArray<long> Shape, long Offset, long Length)
{
    /// <summary>Product of the shape; the header's reader has checked that it fits.</summary>
    public long Elements
    {
        get
        {
            long product = 1;
            foreach (long size in Shape) product *= size;
            return product;
        }
    }

    /// <summary><c>[4, 48]</c>, for messages.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
