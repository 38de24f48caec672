using System.Buffers.Binary;

namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>
/// A trie of bytes in a Darts-clone double array (Yata et al. 2007), as SentencePiece writes it. A unit holds the label of the edge to it, whether a text ends there,
/// and the offset to its children; the value of a text is in the child with label 0. Whatever the units hold, a walk ends with the text.
/// </summary>
internal sealed class DoubleArray
{
    private readonly uint[] _units;

    /// <summary>From units of four bytes, the lowest first.</summary>
    public DoubleArray(ReadOnlySpan<byte> units)
    {
        _units = new uint[units.Length / 4];
        for (int i = 0; i < _units.Length; i++) _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(units[(4 * i)..]);
    }

    /// <summary>The value of the shortest text that <paramref name="key"/> begins with, -1 if there is none.</summary>
    public int ShortestPrefix(ReadOnlySpan<byte> key)
    {
        uint at = 0;
        if (!Find(ref at, out uint unit)) return -1;
        foreach (byte b in key)
        {
            at ^= b;
            if (b == 0 || !Find(ref at, out unit) || (unit & 0x800000FF) != b) return -1;
            if ((unit & 0x100) != 0) return at < _units.Length ? (int)(_units[at] & 0x7FFFFFFF) : -1;
        }
        return -1;
    }

    // Reads the unit at a position and moves on to where its children are counted from.
    private bool Find(ref uint at, out uint unit)
    {
        unit = 0;
        if (at >= _units.Length) return false;
        unit = _units[at];
        at ^= unit >> 10 << (int)((unit & 0x200) >> 6);
        return true;
    }
}
