namespace Steering.Compute.Cpu.MachineCode;

/// <summary>The 64 bytes that ldtilecfg reads (SDM 1, 18.3): palette 1, all eight tiles of 16 rows of 64 bytes.</summary>
internal static unsafe class TileConfiguration
{
    public const int Bytes = 64;

    public static void Write(byte* at)
    {
        new Span<byte>(at, Bytes).Clear();
        at[0] = 1;
        for (int tile = 0; tile < 8; tile++)
        {
            *(ushort*)(at + 16 + 2 * tile) = 64; // bytes of a row
            at[48 + tile] = 16; // rows
        }
    }
}
