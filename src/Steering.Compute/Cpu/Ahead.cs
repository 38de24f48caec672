using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu;

/// <summary>
/// Memory that a kernel asks for while it computes on something else, a little at every step of its loop, so that it is in the cache when its turn comes. A core has only so many lines in flight and waits
/// when it is asked for more: in bursts this gains nothing.
/// </summary>
/// <param name="words">From where on.</param>
/// <param name="step">Words a step, <see cref="StepOf"/>.</param>
internal unsafe struct Ahead(float* words, int step)
{
    private const int Line = 16;
    private const int MostWords = 2 * Line; // with more a step takes longer than what it saves (Zen 5)
    private float* _at = words;

    /// <summary>Words a step for a loop of so many steps to get through them; where that would be too many it gets as far as it comes.</summary>
    public static int StepOf(int words, int steps) => Math.Min(MostWords, words / steps);

    /// <summary>To be called at every step; x86 only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step()
    {
        Sse.Prefetch0(_at);
        if (step > Line) Sse.Prefetch0(_at + Line);
        _at += step;
    }
}
