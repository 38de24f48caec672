using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Steering.Compute;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>What this machine reads per second from a block as large as a model's weights: the limit of decoding one sequence, measured in the same run.</summary>
internal static unsafe class MemoryLimit
{
    /// <summary>Reads pages of 4 KiB; an item is a page.</summary>
    internal readonly unsafe struct ReadJob(nint address) : IJob
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int first, int last)
        {
            Vector512<int> a = default, b = default, c = default, d = default;
            for (int* p = (int*)(address + (long)first * 4096), end = (int*)(address + (long)last * 4096); p < end; p += 64)
            {
                a ^= Vector512.Load(p);
                b ^= Vector512.Load(p + 16);
                c ^= Vector512.Load(p + 32);
                d ^= Vector512.Load(p + 48);
            }
            s_sink = Vector512.Sum(a ^ b ^ c ^ d);
        }
    }

    private static int s_sink;

    /// <summary>Takes every page of a block from the system.</summary>
    public static void Fill(DeviceBuffer block)
    {
        for (long at = 0; at < block.Bytes; at += 4096) *(byte*)(block.Address + (nint)at) = 1;
    }

    /// <summary>Seconds of one pass over a block of whole pages.</summary>
    public static double Once(ComputePool pool, DeviceBuffer block)
    {
        long start = Stopwatch.GetTimestamp();
        pool.Run(new ReadJob(block.Address), (int)(block.Bytes / 4096));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Bytes per second, median of many passes.</summary>
    public static double Measure(long bytes, int threads)
    {
        using var pool = new ComputePool(threads);
        int pages = (int)(bytes / 4096);
        using var block = new DeviceBuffer((long)pages * 4096);
        block.Span<byte>().Fill(1);
        var times = new List<double>();
        for (var total = Stopwatch.StartNew(); total.ElapsedMilliseconds < 400 || times.Count < 5;)
        {
            long start = Stopwatch.GetTimestamp();
            pool.Run(new ReadJob(block.Address), pages);
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        times.Sort();
        return bytes / times[times.Count / 2];
    }
}
