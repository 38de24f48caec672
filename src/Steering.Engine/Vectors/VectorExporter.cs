using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors.Numpy;

namespace Steering.Engine.Vectors;

/// <summary>Writes steering vectors for this and other projects. What a format cannot hold is refused by name.</summary>
public static class VectorExporter
{
    /// <summary>The formats that are written, the one that holds everything first.</summary>
    public static ImmutableArray<VectorFormat> Formats { get; } = [VectorFormat.Safetensors, VectorFormat.Gguf, VectorFormat.Npz, VectorFormat.Npy];

    /// <summary>
    /// The vector as a file. <see cref="VectorFormat.Safetensors"/> holds all of it; <see cref="VectorFormat.Gguf"/> directions at block outputs from block 1 on, in unit raw, for
    /// llama.cpp and repeng; <see cref="VectorFormat.Npz"/> all tensors by name and <see cref="VectorFormat.Npy"/> a single one, both without unit, residual norms and metadata.
    /// </summary>
    /// <exception cref="ModelFormatException">The format cannot hold it.</exception>
    public static byte[] Write(SteeringVector vector, VectorFormat format) => format switch
    {
        VectorFormat.Safetensors => VectorFile.Write(vector),
        VectorFormat.Gguf => GgufControlVector.Write(vector),
        VectorFormat.Npz => NumpyFile.WriteNpz(vector.Tensors.Select(tensor => (tensor.FileName, tensor.Values.ToArray(), tensor.FileShape))),
        VectorFormat.Npy when vector.Tensors is [var only] => NumpyFile.WriteNpy(only.Values.AsSpan(), only.FileShape),
        VectorFormat.Npy => throw new ModelFormatException(vector.Name, "format", $"npy holds one tensor; the vector has {vector.Tensors.Length}: export it as npz"),
        _ => throw new ModelFormatException(vector.Name, "format", $"{VectorFormats.NameOf(format)} is read, not written; expected safetensors, gguf, npz or npy"),
    };
}
