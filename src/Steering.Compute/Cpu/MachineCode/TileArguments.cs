using System.Runtime.InteropServices;

namespace Steering.Compute.Cpu.MachineCode;

/// <summary>What a tile kernel is called with. Strides are in bytes.</summary>
/// <param name="Panel">First panel of weights.</param>
/// <param name="PanelStride">From one panel to the next.</param>
/// <param name="Rows">First row of inputs, in the kernel's row format.</param>
/// <param name="RowStride">From one row to the next.</param>
/// <param name="Output">Where the first row's 32 outputs of the first panel go.</param>
/// <param name="OutputStride">From one row to the next.</param>
/// <param name="Steps">Times the inner loop runs, at least 1: inputs, pairs or groups of them.</param>
/// <param name="Next">What a kernel of <see cref="TileVariant.Repeated"/> fetches meanwhile: its share of the next panel.</param>
/// <param name="NextStep">How much of it in a step.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct TileArguments(nint Panel, long PanelStride, nint Rows, long RowStride, nint Output, long OutputStride, long Steps, nint Next = 0, long NextStep = 0);
