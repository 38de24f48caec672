namespace Steering.Tests;

/// <summary>What the current thread allocates, exactly, whatever other tests do meanwhile.</summary>
internal static class Allocations
{
    /// <summary>Bytes of objects the current thread makes while it does this.</summary>
    /// <remarks>
    /// A thread allocates out of a piece of 8 KiB of its own. When a collection that another thread starts takes that piece away near the first reading, its unused rest counts as
    /// allocated: beside threads that allocate as fast as they can, a loop that makes nothing shows up to 8,072 bytes in one window of twenty. A collection of our own before the first
    /// reading leaves the thread no such piece, and the same loop shows 0 in all of 75,000 windows.
    /// </remarks>
    public static long Of(Action action)
    {
        GC.Collect();
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
