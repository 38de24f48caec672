using System.Collections.Immutable;
using Steering.Compute;
using Steering.Compute.Quantised;

namespace Steering.Engine.Loading;

/// <summary>A stored tensor of a model and where its bytes are.</summary>
/// <param name="File">The mapped file that holds it; belongs to <see cref="ModelWeights"/>.</param>
/// <param name="Entry">Name, type, shape, and place in that file.</param>
public sealed record WeightTensor(MappedFile File, TensorEntry Entry)
{
    /// <summary>Where it comes in blocks: how they are laid out. Null for values that stand by themselves.</summary>
    public BlockFormat? Format { get; } = Entry.Type == ElementType.Unsupported ? BlockFormat.All.FirstOrDefault(format => format.Name == Entry.TypeName) : null;

    /// <summary>For each stored row the row it is; null: they are in order.</summary>
    public int[]? Order { get; init; }

    /// <summary>As its file has it, which for GGUF is not the name it is found under.</summary>
    public string Name => Entry.Name;
    public ElementType Type => Entry.Type;
    public ImmutableArray<long> Shape => Entry.Shape;

    /// <summary>Bytes from the start of the file.</summary>
    public long Offset => Entry.Offset;

    /// <summary>Bytes.</summary>
    public long Length => Entry.Length;

    /// <summary>Gives the file's pages of this tensor back to the system; to be called when it has been copied into its final form.</summary>
    public void Release() => File.Release(Offset, Length);
}
