using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>Rows of digits times panels of quantised weights, an item a panel. Integer sums are exact and their conversion is written out in one order, so every instruction set gives the same bits.</summary>
internal readonly unsafe struct QuantisedJob<TLanes>(TensorView output, byte* rows, long rowStride, byte* panels, long panelBytes, int groupCount, GroupLayout groups, DigitLayout digits, float* bias, bool adds) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    public void Run(int first, int last)
    {
        float* outputs = stackalloc float[PanelMatrix.Width];
        for (int panel = first; panel < last; panel++)
        {
            int column = panel * PanelMatrix.Width, width = Math.Min(PanelMatrix.Width, output.Columns - column);
            for (int row = 0; row < output.Rows; row++)
            {
                for (int half = 0; half < 2; half++)
                {
                    TLanes sum = digits.Digits == 1 ? OneDigit(panels + panel * panelBytes, rows + row * rowStride, half) : ThreeDigits(panels + panel * panelBytes, rows + row * rowStride, half);
                    if (bias != null) sum += TLanes.Load(bias + column + 16 * half);
                    sum.Store(outputs + 16 * half);
                }
                float* y = output.Pointer(row) + column;
                for (int i = 0; i < width; i++) y[i] = adds ? y[i] + outputs[i] : outputs[i];
            }
        }
    }

    [MethodImpl(Compiled.Apart)]
    private TLanes OneDigit(byte* group, byte* row, int half)
    {
        var total = TLanes.Zero;
        for (int g = 0; g < groupCount; g++, group += groups.Bytes, row += digits.Bytes)
        {
            TLanes sum = TLanes.BroadcastBits(*(int*)(row + digits.Start(0)));
            for (int step = 0; step < groups.Length / 4; step++) sum = TLanes.AddDots(sum, groups.Four<TLanes>(group, step, half), *(int*)(row + digits.Four(0, step)));
            total = TLanes.FusedMultiplyAdd(sum.ToSingle() * Broadcast(row + DigitLayout.Scale), groups.Scales<TLanes>(group, half), total);
            if (groups.HasOffset) total = TLanes.FusedMultiplyAdd(groups.Scales<TLanes>(group, 2 + half), Broadcast(row + digits.Sum), total);
        }
        return total;
    }

    [MethodImpl(Compiled.Apart)]
    private TLanes ThreeDigits(byte* group, byte* row, int half)
    {
        var total = TLanes.Zero;
        for (int g = 0; g < groupCount; g++, group += groups.Bytes, row += digits.Bytes)
        {
            TLanes high = TLanes.BroadcastBits(*(int*)(row + digits.Start(0))), middle = TLanes.BroadcastBits(*(int*)(row + digits.Start(1))), low = TLanes.BroadcastBits(*(int*)(row + digits.Start(2)));
            for (int step = 0; step < groups.Length / 4; step++)
            {
                var weights = groups.Four<TLanes>(group, step, half);
                high = TLanes.AddDots(high, weights, *(int*)(row + digits.Four(0, step)));
                middle = TLanes.AddDots(middle, weights, *(int*)(row + digits.Four(1, step)));
                low = TLanes.AddDots(low, weights, *(int*)(row + digits.Four(2, step)));
            }
            var value = middle.ShiftLeft8Plus(low).ToSingle() * Broadcast(row + DigitLayout.Scale);
            value = TLanes.FusedMultiplyAdd(high.ToSingle(), Broadcast(row + DigitLayout.HighScale), value);
            total = TLanes.FusedMultiplyAdd(value, groups.Scales<TLanes>(group, half), total);
            if (groups.HasOffset) total = TLanes.FusedMultiplyAdd(groups.Scales<TLanes>(group, 2 + half), Broadcast(row + digits.Sum), total);
        }
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Broadcast(byte* value) => TLanes.Broadcast(*(float*)value);
}
