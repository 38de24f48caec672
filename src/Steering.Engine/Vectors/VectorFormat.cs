namespace Steering.Engine.Vectors;

/// <summary>The kinds of files that steering vectors come in.</summary>
public enum VectorFormat
{
    /// <summary>This project's own form (docs/decisions.md 32), or tensors with other names that say where they belong.</summary>
    Safetensors,
    /// <summary>A control vector of llama.cpp or repeng.</summary>
    Gguf,
    /// <summary>numpy.savez: arrays with names.</summary>
    Npz,
    /// <summary>numpy.save: one array.</summary>
    Npy,
    /// <summary>torch.save's zip form: tensors, and dictionaries and lists of them. Nothing in it is executed.</summary>
    Torch,
}
