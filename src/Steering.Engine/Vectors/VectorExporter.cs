using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>Writes steering vectors for this and other projects. What a format cannot hold of a vector's tensors or of the meaning of its strengths is refused by name.</summary>
public static class VectorExporter
{
    /// <summary>
    /// The vector as a file. <see cref="VectorFormat.Safetensors"/> holds all of it; <see cref="VectorFormat.Gguf"/> directions at block outputs from block 1 on, in unit raw, for llama.cpp
    /// and repeng.
    /// </summary>
    /// <exception cref="ModelFormatException">The format cannot hold it.</exception>
    public static byte[] Write(SteeringVector vector, VectorFormat format) => format switch
    {
        VectorFormat.Safetensors => VectorFile.Write(vector),
        VectorFormat.Gguf => GgufControlVector.Write(vector),
        _ => throw new ModelFormatException(vector.Name, "format", $"{VectorFormats.NameOf(format)} is not written; expected safetensors or gguf"),
    };
}
