using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>
/// The memory that reading one file may take: 8 times the file and 16 MiB. Everything that is unpacked, built or repeated is taken from it before it is allocated,
/// so neither a zip bomb nor a pickle that multiplies itself gets further than this, in memory or in time. Eight covers the honest worst case
/// (transposed booleans: a byte unpacked, a byte put in order, four as f32); the constant lets small files be well compressed.
/// </summary>
/// <param name="file">For messages.</param>
/// <param name="fileLength">Bytes.</param>
internal sealed class ReadBudget(string file, long fileLength)
{
    public const int PerByte = 8;
    public const int Constant = 16 << 20;

    private long _left = fileLength * PerByte + Constant;

    /// <param name="bytes">About to be allocated; at least 0.</param>
    /// <param name="field">What needs them.</param>
    /// <exception cref="ModelFormatException">That is more than is left.</exception>
    public void Take(long bytes, string field)
    {
        if (bytes > _left)
            throw new ModelFormatException(file, field, $"takes {bytes} bytes to read where {_left} are left of the {fileLength * PerByte + Constant} that a file of {fileLength} bytes may take: save it uncompressed, with the vectors alone, as tensors or arrays");
        _left -= bytes;
    }
}
