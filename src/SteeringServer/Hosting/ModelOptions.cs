using Steering.Compute;

namespace SteeringServer.Hosting;

/// <summary>A model to serve, as it was configured; what is null comes from the options for all models.</summary>
internal sealed record ModelOptions
{
    /// <summary>Folder of the model, a folder with <c>model/</c> and <c>vectors/</c> in it, or a GGUF file. As it was written; see <see cref="ModelFolders"/>.</summary>
    public required string Path { get; init; }

    /// <summary>What requests call it; null: the folder's or file's name.</summary>
    public string? Name { get; init; }

    /// <summary>Folder of vector files to register at the start; null: <c>vectors</c> beside the model.</summary>
    public string? Vectors { get; init; }

    /// <summary>Tokens of context to serve.</summary>
    public int? Context { get; init; }

    /// <summary>How activations enter matrix products.</summary>
    public Numerics? Numerics { get; init; }

    /// <summary>How weights are kept.</summary>
    public WeightStorage? Storage { get; init; }

    /// <summary>Sequences that run at once.</summary>
    public int? MaxSequences { get; init; }

    /// <summary>Sequences that may wait.</summary>
    public int? Queue { get; init; }

    /// <summary>Not loaded before an operator asks for it.</summary>
    public bool IsOnDemand { get; init; }
}
