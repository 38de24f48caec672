using static Steering.Compute.Cpu.MachineCode.Register;

namespace Steering.Compute.Cpu.MachineCode;

/// <summary>
/// bf16 weights and bf16 rows in the tile registers of AMX: a step is 32 inputs, which one instruction multiplies for 16 rows and 16 outputs. A panel is already what the instruction wants of its weights (pairs of
/// inputs of 16 outputs in 64 bytes, SDM 2, TDPBF16PS), and rows lie as they are.
/// </summary>
/// <remarks>
/// A tile's rows are computed by sixteen whatever there are: up to 16 rows the time goes into reading weights. Tiles 0 to 3 accumulate (rows 0..15 and 16..31, outputs 0..15 and 16..31), 4 and 5 are rows, 6 and 7 weights.
/// The registers must have been set up (<see cref="TileRegisters"/>).
/// </remarks>
internal sealed record AmxTiles : TileFormat
{
    /// <summary>Inputs of a step.</summary>
    public const int StepInputs = 32;

    private const int TileRows = 16, RowBytes = 2 * StepInputs, PanelRowBytes = 4 * PanelMatrix.Width, PanelStep = TileRows * PanelRowBytes;
    private const int OutputRowBytes = sizeof(float) * PanelMatrix.Width;

    // A stream from memory is fetched 8 KiB ahead, 32 lines a step; of a panel that other tiles use too, each fetches up to eight lines of the next panel in a step.
    private const int PrefetchedBytes = 8192, SharedLines = 8;

    public override int MostRows => 2 * TileRows;
    public override long Steps(PanelMatrix matrix) => (matrix.Inputs + StepInputs - 1) / StepInputs;
    public override int RowGranule => TileRows;
    public override long BlockBytes => 1 << 20; // of 2 MiB

    public override bool Has(TileVariant variant, int rows) => variant is TileVariant.Single or TileVariant.Repeated;

    /// <remarks>rdi arguments, rsi panel and r11 its stride, rdx and rax first and second sixteen rows, rcx their stride, r9 steps left, rbx what is fetched for others.</remarks>
    public override byte[] Write(int rows, TileVariant variant)
    {
        var code = new Assembler();
        bool isRepeated = variant == TileVariant.Repeated;
        int halves = rows > TileRows ? 2 : 1;
        if (isRepeated)
        {
            code.Push(Rbx);
            code.Move(Rbx, Argument(7));
        }
        code.Move(Rsi, Argument(0));
        code.Move(R11, PanelRowBytes);
        code.Move(Rdx, Argument(2));
        code.Move(Rcx, Argument(3));
        code.Move(R9, Argument(6));
        if (halves == 2) Sixteenth(code, Rax, Rdx, Rcx);
        for (int i = 0; i < 2 * halves; i++) code.Zero(new Tile(i));
        int again = code.Here;
        if (!isRepeated)
            for (int line = 0; line < PanelStep / 64; line++) code.Prefetch(new Memory(Rsi, PrefetchedBytes + 64 * line), 1);
        code.Load(new Tile(6), new Memory(Rsi, 0, R11));
        code.Load(new Tile(4), new Memory(Rdx, 0, Rcx));
        code.DotBf16(new Tile(0), new Tile(4), new Tile(6));
        code.Load(new Tile(7), new Memory(Rsi, 64, R11));
        code.DotBf16(new Tile(1), new Tile(4), new Tile(7));
        if (halves == 2)
        {
            code.Load(new Tile(5), new Memory(Rax, 0, Rcx));
            code.DotBf16(new Tile(2), new Tile(5), new Tile(6));
            code.DotBf16(new Tile(3), new Tile(5), new Tile(7));
            code.Add(Rax, RowBytes);
        }
        if (isRepeated)
        {
            for (int line = 0; line < SharedLines; line++) code.Prefetch(new Memory(Rbx, 64 * line), 2);
            code.Add(Rbx, Argument(8));
        }
        code.Add(Rdx, RowBytes);
        code.Add(Rsi, PanelStep);
        code.Decrement(R9);
        code.JumpIfNotZero(again);

        code.Move(Rdx, Argument(4));
        code.Move(R8, Argument(5));
        if (rows % TileRows == 0) StoreTiles(code, Rdx, R8, halves);
        else CopyRows(code, rows, halves);
        if (isRepeated) code.Pop(Rbx);
        code.Return();
        return code.ToArray();
    }

    private static void StoreTiles(Assembler code, Register output, Register stride, int halves)
    {
        for (int half = 0; half < halves; half++)
        {
            if (half == 1) Sixteenth(code, output, output, stride);
            for (int i = 0; i < 2; i++) code.Store(new Memory(output, 64 * i, stride), new Tile(2 * half + i));
        }
    }

    /// <summary>Where there are fewer rows than the tiles', what lies behind them is left alone: the tiles go onto the stack first.</summary>
    private static void CopyRows(Assembler code, int rows, int halves)
    {
        int bytes = halves * TileRows * OutputRowBytes;
        code.Add(Rsp, -bytes);
        code.Move(Rax, Rsp);
        code.Move(R11, OutputRowBytes);
        StoreTiles(code, Rax, R11, halves);
        code.Move(Rax, Rsp);
        code.Move(R9, rows);
        int again = code.Here;
        for (int i = 0; i < 2; i++) code.Load(new Zmm(i), new Memory(Rax, 64 * i));
        for (int i = 0; i < 2; i++) code.Store(new Memory(Rdx, 64 * i), new Zmm(i));
        code.Add(Rax, OutputRowBytes);
        code.Add(Rdx, R8);
        code.Decrement(R9);
        code.JumpIfNotZero(again);
        code.Add(Rsp, bytes);
    }

    /// <summary>to = from + 16 * stride.</summary>
    private static void Sixteenth(Assembler code, Register to, Register from, Register stride)
    {
        code.LoadAddress(to, new Memory(from, 0, stride, 8));
        code.LoadAddress(to, new Memory(to, 0, stride, 8));
    }

    private static Memory Argument(int index) => new(Rdi, 8 * index);
}
