namespace Steering.Compute.Cpu.MachineCode;

/// <summary>
/// AMX's eight tile registers, which a thread sets up before it uses them and gives back after: while they hold something, the system saves 8 KiB with every switch of threads. Setting up takes 0.1 microseconds, so it is
/// done once a job and not once a tile.
/// </summary>
internal static unsafe class TileRegisters
{
    public const int ConfigurationBytes = 64;

    private static readonly ExecutableMemory? s_configure = ProcessorFeatures.Amx ? Function(code => code.LoadTileConfiguration(new Memory(Register.Rdi))) : null;
    private static readonly ExecutableMemory? s_release = ProcessorFeatures.Amx ? Function(code => code.ReleaseTiles()) : null;

    /// <summary>Whether this processor and system let us use them.</summary>
    public static bool AreThere => s_configure is not null && s_release is not null;

    public static void Configure()
    {
        byte* configuration = stackalloc byte[ConfigurationBytes];
        WriteConfiguration(configuration);
        ((delegate* unmanaged<byte*, void>)s_configure!.Address)(configuration);
    }

    public static void Release() => ((delegate* unmanaged<void>)s_release!.Address)();

    /// <summary>The 64 bytes that ldtilecfg reads (SDM 1, 18.3): palette 1, all eight tiles of 16 rows of 64 bytes.</summary>
    public static void WriteConfiguration(byte* at)
    {
        new Span<byte>(at, ConfigurationBytes).Clear();
        at[0] = 1;
        for (int tile = 0; tile < 8; tile++)
        {
            *(ushort*)(at + 16 + 2 * tile) = 64; // bytes of a row
            at[48 + tile] = 16; // rows
        }
    }

    private static ExecutableMemory? Function(Action<Assembler> write)
    {
        var code = new Assembler();
        write(code);
        code.Return();
        return ExecutableMemory.TryCreate(code.ToArray());
    }
}
