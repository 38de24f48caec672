using System.Diagnostics;
using Steering.Compute;
using Steering.Compute.Cpu.MachineCode;

namespace SteeringServer.Benchmarks.Kernels;

/// <summary>
/// What this machine can do at most, measured in the same run as what is compared with it: operations per second of every instruction set present, on registers alone, and bytes per second of plain
/// reads. A multiply and an add are two operations.
/// </summary>
internal sealed unsafe class MachineLimits
{
    private const int Accumulators = 24, Loops = 100_000, Rounds = 40;
    private readonly int _threads;

    private MachineLimits(int threads) => _threads = threads;

    /// <summary>f32 fused multiply-adds in 512 bits.</summary>
    public double Fma { get; private init; }

    /// <summary>AVX512-BF16; 0 where the processor has none.</summary>
    public double Bf16 { get; private init; }

    /// <summary>AVX512-VNNI, 8-bit integers; 0 where the processor has none.</summary>
    public double Vnni { get; private init; }

    /// <summary>AMX, bf16, with a tile loaded from the first-level cache for every product; 0 where the processor has none.</summary>
    public double Amx { get; private init; }

    /// <summary>Of the instructions that multiply bf16 weights in fast numerics.</summary>
    public double FastBf16 => Amx > 0 ? Amx : Math.Max(Bf16, Fma);

    public static MachineLimits Measure(int threads) => new(threads)
    {
        Fma = Peak(threads, 32 * Accumulators, true, (a, i) => a.FusedMultiplyAdd(new Zmm(i), new Zmm(30), new Zmm(31))),
        Bf16 = Peak(threads, 64 * Accumulators, ProcessorFeatures.Avx512Bf16, (a, i) => a.DotBf16(new Zmm(i), new Zmm(30), new Zmm(31))),
        Vnni = Peak(threads, 128 * Accumulators, ProcessorFeatures.Avx512Vnni, (a, i) => a.DotBytes(new Zmm(i), new Zmm(30), new Zmm(31))),
        Amx = Peak(threads, 16 * 16 * 64 * Accumulators, ProcessorFeatures.Amx, TileStep, tiles: true),
    };

    /// <summary>Bytes per second of reading a block of this size again and again.</summary>
    public double Read(long bytes) => Engine.MemoryLimit.Measure(bytes, _threads);

    /// <summary>Median seconds of a job that does nothing: from one thread to the others and back.</summary>
    public double Handover()
    {
        const int jobs = 1000;
        using var pool = new ComputePool(_threads);
        var times = new List<double>();
        for (int i = 0; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int job = 0; job < jobs; job++) pool.Run(new EmptyJob(), _threads);
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds / jobs);
        }
        return Statistics.Median(times);
    }

    private readonly struct EmptyJob : IJob
    {
        public void Run(int first, int last) { }
    }

    /// <summary>Four products of two tiles of rows and two of weights, as a kernel does them.</summary>
    private static void TileStep(Assembler code, int index)
    {
        int loaded = 4 + index % 4;
        code.Load(new Tile(loaded), new Memory(Register.Rsi, TileRegisters.ConfigurationBytes + 1024 * (loaded - 4), Register.Rdx));
        code.DotBf16(new Tile(index % 4), new Tile(4 + index % 4 / 2), new Tile(6 + index % 2));
    }

    private static double Peak(int threads, double operations, bool isThere, Action<Assembler, int> instruction, bool tiles = false)
    {
        if (!isThere) return 0;
        var code = new Assembler();
        if (tiles)
        {
            code.LoadTileConfiguration(new Memory(Register.Rsi));
            code.Move(Register.Rdx, 64);
        }
        else
        {
            for (int i = 0; i < 32; i++) code.Zero(new Zmm(i));
        }
        int again = code.Here;
        for (int i = 0; i < Accumulators; i++) instruction(code, i);
        code.Decrement(Register.Rdi);
        code.JumpIfNotZero(again);
        if (tiles) code.ReleaseTiles();
        code.Return();
        using var memory = ExecutableMemory.TryCreate(code.ToArray());
        if (memory is null) return 0;
        byte* configuration = stackalloc byte[TileRegisters.ConfigurationBytes + 4 * 1024];
        TileRegisters.WriteConfiguration(configuration);
        using var pool = new ComputePool(threads);
        // A limit is the most there is: the shortest of many rounds.
        double least = double.MaxValue;
        for (int i = 0; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            pool.Run(new PeakJob(memory.Address, Loops, (nint)configuration), threads);
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return operations * Loops * threads / least;
    }

    private readonly struct PeakJob(nint code, int loops, nint configuration) : IJob
    {
        public void Run(int first, int last) => ((delegate* unmanaged<long, nint, void>)code)(loops, configuration);
    }
}
