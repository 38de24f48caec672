namespace Steering.Compute.Cpu.MachineCode;

/// <summary>
/// Quantised weights and rows of digits (AVX512-VNNI): a step is a group of inputs. Integer sums of a digit start from the row's header, so that the weights' zero point is taken out; then they are
/// converted, scaled and added to the f32 accumulator, in the order of <see cref="QuantisedJob{TLanes}"/>.
/// </summary>
internal sealed record QuantisedTiles(GroupLayout Groups, DigitLayout Digits) : VectorTiles
{
    // Registers: for every row, panel and half an accumulator and an integer sum per digit; weights of every panel and half, inputs, and a mask.
    public override int MostRows => Digits.Digits == 1 ? 7 : 3;
    public override bool Has(TileVariant variant, int rows) => variant switch { TileVariant.Quad => false, TileVariant.Pair => rows == 1, _ => true };
    public override long Steps(PanelMatrix matrix) => matrix.GroupCount;
    public override int PanelStep => Groups.Bytes;
    public override int RowStep => Digits.Bytes;

    private static Zmm Nibbles => new(31);

    public override void WriteConstants(TileWriter tile)
    {
        if (!Groups.IsNibble) return;
        // 0x0F in every byte: all ones, four bits of every 16 shifted in from the left, then from the upper byte into the lower.
        tile.Code.Ones(Nibbles);
        tile.Code.ShiftRightPairs(Nibbles, Nibbles, 12);
        tile.Code.ShiftLeft(new Zmm(30), Nibbles, 8);
        tile.Code.AddInteger(Nibbles, Nibbles, new Zmm(30));
    }

    public override void WriteStep(TileWriter tile)
    {
        int first = tile.FirstFree, weights = first + 2 * tile.Rows * tile.Panels * Digits.Digits;
        Zmm Sum(int row, int panel, int half, int digit) => new(first + ((row * tile.Panels + panel) * 2 + half) * Digits.Digits + digit);
        var (code, x) = (tile.Code, new Zmm(weights + 2 * tile.Panels));
        int halves = 2 * tile.Panels;
        for (int row = 0; row < tile.Rows; row++)
            for (int digit = 0; digit < Digits.Digits; digit++)
                for (int i = 0; i < halves; i++) code.Broadcast(Sum(row, i / 2, i % 2, digit), TileWriter.Row(row, Digits.Start(digit)));
        int steps = Groups.Length / 4, lines = PanelStep / 64;
        for (int step = 0; step < steps; step++)
        {
            tile.Prefetch(lines * step / steps, lines * (step + 1) / steps);
            for (int i = 0; i < halves; i++) Load(code, new Zmm(weights + i), i / 2, step, i % 2);
            for (int row = 0; row < tile.Rows; row++)
            {
                for (int digit = 0; digit < Digits.Digits; digit++)
                {
                    code.Broadcast(x, TileWriter.Row(row, Digits.Four(digit, step)));
                    for (int i = 0; i < halves; i++) code.DotBytes(Sum(row, i / 2, i % 2, digit), new Zmm(weights + i), x);
                }
            }
        }
        for (int i = 0; i < halves; i++) LoadScales(code, new Zmm(weights + i), i / 2, i % 2);
        for (int row = 0; row < tile.Rows; row++)
        {
            for (int i = 0; i < halves; i++)
            {
                var high = Sum(row, i / 2, i % 2, 0);
                code.ConvertToSingle(high, high);
                if (Digits.Digits == 1)
                {
                    code.MultiplyBroadcast(high, high, TileWriter.Row(row, DigitLayout.Scale));
                    code.FusedMultiplyAdd(tile.Accumulator(row, i / 2, i % 2), high, new Zmm(weights + i));
                    continue;
                }
                Zmm middle = Sum(row, i / 2, i % 2, 1), low = Sum(row, i / 2, i % 2, 2);
                code.ShiftLeft(middle, middle, 8);
                code.AddInteger(low, low, middle);
                code.ConvertToSingle(low, low);
                code.MultiplyBroadcast(low, low, TileWriter.Row(row, DigitLayout.Scale));
                code.FusedMultiplyAddBroadcast(low, high, TileWriter.Row(row, DigitLayout.HighScale));
                code.FusedMultiplyAdd(tile.Accumulator(row, i / 2, i % 2), low, new Zmm(weights + i));
            }
        }
        if (!Groups.HasOffset) return;
        for (int i = 0; i < halves; i++) LoadScales(code, new Zmm(weights + i), i / 2, 2 + i % 2);
        for (int row = 0; row < tile.Rows; row++)
            for (int i = 0; i < halves; i++) code.FusedMultiplyAddBroadcast(tile.Accumulator(row, i / 2, i % 2), new Zmm(weights + i), TileWriter.Row(row, Digits.Sum));
    }

    /// <summary>Four inputs of sixteen outputs.</summary>
    private void Load(Assembler code, Zmm to, int panel, int step, int half)
    {
        int at = Groups.HeaderBytes + 64 * half;
        if (!Groups.IsNibble)
        {
            code.Load(to, TileWriter.Panel(panel, at + 128 * step));
            return;
        }
        code.Load(to, TileWriter.Panel(panel, at + 128 * (step / 2)));
        if (step % 2 == 1) code.ShiftRightPairs(to, to, 4);
        code.And(to, to, Nibbles);
    }

    /// <summary>Scales of outputs 0..15 and 16..31 (0, 1), then their offsets (2, 3).</summary>
    private void LoadScales(Assembler code, Zmm to, int panel, int index)
    {
        if (Groups.HasHalfScales) code.WidenHalf(to, TileWriter.Panel(panel, 32 * index));
        else code.Load(to, TileWriter.Panel(panel, 64 * index));
    }
}
