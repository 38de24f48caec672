using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>How the runtime compiles methods that hold a kernel's loop.</summary>
internal static class Compiled
{
    /// <summary>
    /// Fully optimised at once, and never inlined: in a caller what the method itself inlines may exceed the compiler's budget, and then every operation on lanes is a call. Workers of the pool ran activations twenty times
    /// slower than the thread that called it, until this was found.
    /// </summary>
    public const MethodImplOptions Apart = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;
}
