using System.Runtime.InteropServices;

namespace Steering.Compute.Cpu.MachineCode;

/// <summary>The kernels of one format, one for every number of rows, written once per process and kept.</summary>
internal sealed unsafe class TileKernel
{
    private static readonly Dictionary<TileFormat, TileKernel?> s_written = [];
    private readonly ExecutableMemory _code;
    private readonly nint* _entries;

    private TileKernel(TileFormat format, ExecutableMemory code, List<int> offsets)
    {
        (Format, _code) = (format, code);
        // Jobs are unmanaged, so the table they read is too; it lives as long as the process.
        _entries = (nint*)NativeMemory.Alloc((nuint)(offsets.Count * sizeof(nint)));
        for (int i = 0; i < offsets.Count; i++) _entries[i] = offsets[i] < 0 ? 0 : code.Address + offsets[i];
    }

    public TileFormat Format { get; }

    /// <summary>For rows 1, 2, ... the four variants; 0 for those that there are not.</summary>
    public nint* Entries => _entries;

    public const int Variants = 4;

    /// <summary>Null where memory cannot be made executable.</summary>
    public static TileKernel? Of(TileFormat format)
    {
        lock (s_written)
        {
            if (!s_written.TryGetValue(format, out var kernel)) s_written[format] = kernel = Write(format);
            return kernel;
        }
    }

    private static TileKernel? Write(TileFormat format)
    {
        const int alignment = 64;
        var code = new List<byte>();
        var offsets = new List<int>();
        for (int rows = 1; rows <= format.MostRows; rows++)
        {
            for (var variant = TileVariant.Single; variant <= TileVariant.Quad; variant++)
            {
                while (code.Count % alignment != 0) code.Add(0xCC); // int3
                offsets.Add(format.Has(variant, rows) ? code.Count : -1);
                if (format.Has(variant, rows)) code.AddRange(format.Write(rows, variant));
            }
        }
        return ExecutableMemory.TryCreate(CollectionsMarshal.AsSpan(code)) is { } memory ? new TileKernel(format, memory, offsets) : null;
    }
}
