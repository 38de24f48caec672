namespace Steering.Compute.Cpu.MachineCode;

/// <summary>Kernels of the formats that are not quantised; null where memory cannot be made executable, and where there is no AMX.</summary>
internal static class MatrixKernels
{
    public static TileKernel? Single { get; } = TileKernel.Of(new SingleTiles(false));
    public static TileKernel? Half { get; } = TileKernel.Of(new SingleTiles(true));
    public static TileKernel? WidenedBf16 { get; } = TileKernel.Of(new WidenedBf16Tiles());
    public static TileKernel? Bf16 { get; } = TileKernel.Of(new Bf16Tiles());
    public static TileKernel? Amx { get; } = ProcessorFeatures.Amx ? TileKernel.Of(new AmxTiles()) : null;
}
