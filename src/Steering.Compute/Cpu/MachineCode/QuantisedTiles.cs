namespace Steering.Compute.Cpu.MachineCode;

/// <summary>
/// Quantised weights and rows of digits (AVX512-VNNI): a step is a group of inputs. Integer sums of a digit start from the row's header, so that the weights' zero point is taken out; then they are
/// converted, scaled and added to the f32 accumulator, in the order of <see cref="QuantisedJob{TLanes}"/>.
/// </summary>
internal sealed record QuantisedTiles(GroupLayout Groups, DigitLayout Digits) : TileFormat
{
    // Registers: for every row and half an accumulator and an integer sum per digit; two of weights, one of inputs, and a mask.
    public override int MostRows => Digits.Digits == 1 ? 7 : 3;
    public override int PanelsFor(int rows) => 1;
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
        int first = tile.FirstFree, weights = first + 2 * tile.Rows * Digits.Digits;
        Zmm Sum(int row, int half, int digit) => new(first + (2 * row + half) * Digits.Digits + digit);
        var (code, x) = (tile.Code, new Zmm(weights + 2));
        for (int row = 0; row < tile.Rows; row++)
        {
            for (int digit = 0; digit < Digits.Digits; digit++)
            {
                code.Broadcast(Sum(row, 0, digit), TileWriter.Row(row, Digits.Start(digit)));
                code.Copy(Sum(row, 1, digit), Sum(row, 0, digit));
            }
        }
        for (int step = 0; step < Groups.Length / 4; step++)
        {
            for (int half = 0; half < 2; half++) Load(code, new Zmm(weights + half), step, half);
            for (int row = 0; row < tile.Rows; row++)
            {
                for (int digit = 0; digit < Digits.Digits; digit++)
                {
                    code.Broadcast(x, TileWriter.Row(row, Digits.Four(digit, step)));
                    for (int half = 0; half < 2; half++) code.DotBytes(Sum(row, half, digit), new Zmm(weights + half), x);
                }
            }
        }
        for (int half = 0; half < 2; half++) LoadScales(code, new Zmm(weights + half), half);
        for (int row = 0; row < tile.Rows; row++)
        {
            for (int half = 0; half < 2; half++)
            {
                var high = Sum(row, half, 0);
                code.ConvertToSingle(high, high);
                if (Digits.Digits == 1)
                {
                    code.MultiplyBroadcast(high, high, TileWriter.Row(row, DigitLayout.Scale));
                    code.FusedMultiplyAdd(tile.Accumulator(row, 0, half), high, new Zmm(weights + half));
                    continue;
                }
                Zmm middle = Sum(row, half, 1), low = Sum(row, half, 2);
                code.ShiftLeft(middle, middle, 8);
                code.AddInteger(low, low, middle);
                code.ConvertToSingle(low, low);
                code.MultiplyBroadcast(low, low, TileWriter.Row(row, DigitLayout.Scale));
                code.FusedMultiplyAddBroadcast(low, high, TileWriter.Row(row, DigitLayout.HighScale));
                code.FusedMultiplyAdd(tile.Accumulator(row, 0, half), low, new Zmm(weights + half));
            }
        }
        if (!Groups.HasOffset) return;
        for (int half = 0; half < 2; half++) LoadScales(code, new Zmm(weights + half), 2 + half);
        for (int row = 0; row < tile.Rows; row++)
            for (int half = 0; half < 2; half++) code.FusedMultiplyAddBroadcast(tile.Accumulator(row, 0, half), new Zmm(weights + half), TileWriter.Row(row, Digits.Sum));
    }

    /// <summary>Four inputs of sixteen outputs.</summary>
    private void Load(Assembler code, Zmm to, int step, int half)
    {
        int at = Groups.HeaderBytes + 64 * half;
        if (!Groups.IsNibble)
        {
            code.Load(to, TileWriter.Panel(0, at + 128 * step));
            return;
        }
        code.Load(to, TileWriter.Panel(0, at + 128 * (step / 2)));
        if (step % 2 == 1) code.ShiftRightPairs(to, to, 4);
        code.And(to, to, Nibbles);
    }

    /// <summary>Scales of outputs 0..15 and 16..31 (0, 1), then their offsets (2, 3).</summary>
    private void LoadScales(Assembler code, Zmm to, int index)
    {
        if (Groups.HasHalfScales) code.WidenHalf(to, TileWriter.Panel(0, 32 * index));
        else code.Load(to, TileWriter.Panel(0, 64 * index));
    }
}
