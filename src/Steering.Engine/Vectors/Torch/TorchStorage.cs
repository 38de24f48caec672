namespace Steering.Engine.Vectors.Torch;

/// <summary>The numbers that tensors are views of: one file <c>data/{key}</c> of the archive.</summary>
/// <param name="Type">What torch says they are; bytes where the tensor says it (<c>UntypedStorage</c>).</param>
/// <param name="Bytes">All of them, unpacked; their length is a multiple of the type's width.</param>
internal sealed record TorchStorage(StoredType Type, byte[] Bytes);
