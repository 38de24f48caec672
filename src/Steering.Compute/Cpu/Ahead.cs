using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu;

/// <summary>What a kernel asks for at every step of its loop, so that it is in the cache when its turn comes.</summary>
internal interface IAhead
{
    /// <param name="most">Lines a step at most; a constant, of which the compiler makes as many instructions.</param>
    void Step(int most);
}

/// <summary>Nothing.</summary>
internal readonly struct Nothing : IAhead
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step(int most) { }
}

/// <summary>
/// Memory from an address on, in order. A core has only so many lines in flight and waits when it is asked for more: in bursts this gains nothing. Where processors are not asked like this, it does nothing.
/// </summary>
/// <param name="words">From where on.</param>
/// <param name="step">Words a step.</param>
internal unsafe struct Ahead(float* words, int step) : IAhead
{
    private const int Line = 16;
    private float* _at = words;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step(int most)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch0(_at);
        if (most > 1) Sse.Prefetch0(_at + Line);
        if (most > 2)
        {
            Sse.Prefetch0(_at + 2 * Line);
            Sse.Prefetch0(_at + 3 * Line);
        }
        _at += step;
    }
}
