using System.Diagnostics;
using Steering.Engine.Running;

namespace SteeringServer.Benchmarks.Soak;

/// <summary>What a server holds while it does nothing.</summary>
/// <param name="Managed">Bytes of managed objects.</param>
/// <param name="Resident">Bytes of the process in memory.</param>
/// <param name="Handles">Open files and sockets.</param>
/// <param name="Sequences">Generations that run or wait.</param>
/// <param name="FreeBlocks">KV blocks nobody holds.</param>
/// <param name="Directions">Steering directions in the engine's memory.</param>
internal readonly record struct Holdings(long Managed, long Resident, int Handles, int Sequences, int FreeBlocks, int Directions)
{
    /// <summary>Takes stock of this process, once the server in it has had time to notice who left.</summary>
    public static async Task<Holdings> TakeAsync(EngineCounters counters)
    {
        var watch = Stopwatch.StartNew();
        while ((counters.Running + counters.Waiting + counters.Directions > 0 || watch.Elapsed.TotalSeconds < 1) && watch.Elapsed.TotalSeconds < 20) await Task.Delay(50);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        int handles = Directory.Exists("/proc/self/fd") ? Directory.GetFiles("/proc/self/fd").Length : Process.GetCurrentProcess().HandleCount;
        return new Holdings(GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet, handles, counters.Running + counters.Waiting, counters.FreeBlocks, counters.Directions);
    }
}
