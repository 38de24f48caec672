namespace Steering.Compute.Cpu.MachineCode;

/// <summary>How a kernel's weights reach it.</summary>
internal enum TileVariant
{
    /// <summary>One panel, once: a stream from memory, fetched well ahead.</summary>
    Single,

    /// <summary>One panel that several tiles of rows use in turn: while it lies in the second-level cache, each tile fetches its share of the next panel.</summary>
    Repeated,

    /// <summary>Two panels at once, for few rows: enough chains of multiply-adds to hide their latency.</summary>
    Pair,

    /// <summary>Four, for one row.</summary>
    Quad,
}
