using System.Numerics;
using System.Runtime.Intrinsics;

namespace Steering.Engine.Sampling;

/// <summary>
/// Walks over the values that reach a threshold, in order; not a number never does. Few tokens pass a filter: looking at each of a vocabulary for them took longer than all exponentials, so as many as a register holds are
/// looked at together. Values before the one that was found last may be overwritten.
/// </summary>
internal ref struct AtLeast<T>(ReadOnlySpan<T> values, T least) where T : unmanaged, IComparisonOperators<T, T, bool>
{
    private readonly ReadOnlySpan<T> _values = values;
    private int _start = -Vector512<T>.Count;
    private ulong _bits; // of those from _start on that have not been found yet

    /// <summary>May rise on the way; those that were looked at together with the last one are still found by what it was.</summary>
    public T Least { readonly get; set; } = least;

    public bool Next(out int index)
    {
        while (_bits == 0)
        {
            _start += Vector512<T>.Count;
            if (_start >= _values.Length)
            {
                index = -1;
                return false;
            }
            _bits = Bits();
        }
        index = _start + BitOperations.TrailingZeroCount(_bits);
        _bits &= _bits - 1;
        return true;
    }

    private readonly ulong Bits()
    {
        var rest = _values[_start..];
        if (rest.Length >= Vector512<T>.Count) return Vector512.GreaterThanOrEqual(Vector512.Create(rest), Vector512.Create(Least)).ExtractMostSignificantBits();
        ulong bits = 0;
        for (int i = 0; i < rest.Length; i++)
            if (rest[i] >= Least) bits |= 1ul << i;
        return bits;
    }
}
