using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>
/// Rows times panels. Every output is one chain of fused multiply-adds over ascending k, starting from 0, then the bias is added, then what the output held if it is added to: the same bits for any number of rows, any split
/// over threads, any instruction set. The twin in the tests is three lines.
/// </summary>
internal readonly unsafe struct LinearJob<TLanes, TPanel>(TensorView output, TensorView input, byte* panels, long panelBytes, int pairs, float* bias, bool adds) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
    where TPanel : unmanaged, IPanelFormat
{
    public void Run(int first, int last)
    {
        int panel = first;
        if (input.Rows == 1)
        {
            int half = (last - first) / 2; // two long streams
            for (; panel < first + half; panel++) OneRowTwoPanels(panel, panel + half);
            if (panel + half < last) Rows1(panel + half, 0);
            return;
        }
        for (; panel < last; panel++)
        {
            int row = 0;
            if (TLanes.RowsPerTile == 8)
                for (; row + 8 <= input.Rows; row += 8) Rows8(panel, row);
            for (; row + 2 <= input.Rows; row += 2) Rows2(panel, row);
            if (row < input.Rows) Rows1(panel, row);
        }
    }

    /// <summary>A single row over two panels: four independent chains hide the latency of the multiply-add while two streams are read.</summary>
    [MethodImpl(Compiled.Apart)]
    private void OneRowTwoPanels(int panel, int other)
    {
        float* x = input.Pointer(0);
        byte* p = panels + panel * panelBytes, q = panels + other * panelBytes;
        TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        for (int k = 0; k < pairs; k++, p += TPanel.PairBytes, q += TPanel.PairBytes, x += 2)
        {
            TPanel.Load(p, 0, out TLanes e0, out TLanes o0);
            TPanel.Load(p, 1, out TLanes e1, out TLanes o1);
            TPanel.Load(q, 0, out TLanes e2, out TLanes o2);
            TPanel.Load(q, 1, out TLanes e3, out TLanes o3);
            TLanes even = TLanes.Broadcast(x[0]), odd = TLanes.Broadcast(x[1]);
            a = TLanes.FusedMultiplyAdd(even, e0, a);
            b = TLanes.FusedMultiplyAdd(even, e1, b);
            c = TLanes.FusedMultiplyAdd(even, e2, c);
            d = TLanes.FusedMultiplyAdd(even, e3, d);
            a = TLanes.FusedMultiplyAdd(odd, o0, a);
            b = TLanes.FusedMultiplyAdd(odd, o1, b);
            c = TLanes.FusedMultiplyAdd(odd, o2, c);
            d = TLanes.FusedMultiplyAdd(odd, o3, d);
        }
        Store(0, panel, a, b);
        Store(0, other, c, d);
    }

    [MethodImpl(Compiled.Apart)]
    private void Rows1(int panel, int row)
    {
        float* x = input.Pointer(row);
        byte* p = panels + panel * panelBytes;
        TLanes a = TLanes.Zero, b = TLanes.Zero;
        for (int k = 0; k < pairs; k++, p += TPanel.PairBytes, x += 2)
        {
            TPanel.Load(p, 0, out TLanes e0, out TLanes o0);
            TPanel.Load(p, 1, out TLanes e1, out TLanes o1);
            Accumulate(x, e0, o0, e1, o1, ref a, ref b);
        }
        Store(row, panel, a, b);
    }

    [MethodImpl(Compiled.Apart)]
    private void Rows2(int panel, int row)
    {
        float* x0 = input.Pointer(row), x1 = input.Pointer(row + 1);
        byte* p = panels + panel * panelBytes;
        TLanes a0 = TLanes.Zero, b0 = a0, a1 = a0, b1 = a0;
        for (int k = 0; k < pairs; k++, p += TPanel.PairBytes, x0 += 2, x1 += 2)
        {
            TPanel.Load(p, 0, out TLanes e0, out TLanes o0);
            TPanel.Load(p, 1, out TLanes e1, out TLanes o1);
            Accumulate(x0, e0, o0, e1, o1, ref a0, ref b0);
            Accumulate(x1, e0, o0, e1, o1, ref a1, ref b1);
        }
        Store(row, panel, a0, b0);
        Store(row + 1, panel, a1, b1);
    }

    [MethodImpl(Compiled.Apart)]
    private void Rows8(int panel, int row)
    {
        float* x = input.Pointer(row);
        long s = input.Stride;
        byte* p = panels + panel * panelBytes;
        TLanes a0 = TLanes.Zero, b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0, a3 = a0, b3 = a0;
        TLanes a4 = a0, b4 = a0, a5 = a0, b5 = a0, a6 = a0, b6 = a0, a7 = a0, b7 = a0;
        for (int k = 0; k < pairs; k++, p += TPanel.PairBytes, x += 2)
        {
            TPanel.Load(p, 0, out TLanes e0, out TLanes o0);
            TPanel.Load(p, 1, out TLanes e1, out TLanes o1);
            Accumulate(x, e0, o0, e1, o1, ref a0, ref b0);
            Accumulate(x + s, e0, o0, e1, o1, ref a1, ref b1);
            Accumulate(x + 2 * s, e0, o0, e1, o1, ref a2, ref b2);
            Accumulate(x + 3 * s, e0, o0, e1, o1, ref a3, ref b3);
            Accumulate(x + 4 * s, e0, o0, e1, o1, ref a4, ref b4);
            Accumulate(x + 5 * s, e0, o0, e1, o1, ref a5, ref b5);
            Accumulate(x + 6 * s, e0, o0, e1, o1, ref a6, ref b6);
            Accumulate(x + 7 * s, e0, o0, e1, o1, ref a7, ref b7);
        }
        Store(row, panel, a0, b0);
        Store(row + 1, panel, a1, b1);
        Store(row + 2, panel, a2, b2);
        Store(row + 3, panel, a3, b3);
        Store(row + 4, panel, a4, b4);
        Store(row + 5, panel, a5, b5);
        Store(row + 6, panel, a6, b6);
        Store(row + 7, panel, a7, b7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(float* x, TLanes e0, TLanes o0, TLanes e1, TLanes o1, ref TLanes a, ref TLanes b)
    {
        TLanes even = TLanes.Broadcast(x[0]), odd = TLanes.Broadcast(x[1]);
        a = TLanes.FusedMultiplyAdd(even, e0, a);
        b = TLanes.FusedMultiplyAdd(even, e1, b);
        a = TLanes.FusedMultiplyAdd(odd, o0, a);
        b = TLanes.FusedMultiplyAdd(odd, o1, b);
    }

    /// <summary>Writes 32 outputs of a row, fewer in the last panel; what lies behind the row's end is left alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(int row, int panel, TLanes low, TLanes high)
    {
        int column = panel * PanelMatrix.Width, count = output.Columns - column;
        if (bias is not null)
        {
            low += TLanes.Load(bias + column);
            high += TLanes.Load(bias + column + 16);
        }
        float* y = output.Pointer(row) + column;
        if (count < PanelMatrix.Width)
        {
            StoreTail(y, count, low, high);
            return;
        }
        if (adds) (low, high) = (TLanes.Load(y) + low, TLanes.Load(y + 16) + high);
        low.Store(y);
        high.Store(y + 16);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StoreTail(float* y, int count, TLanes low, TLanes high)
    {
        float* tail = stackalloc float[PanelMatrix.Width];
        low.Store(tail);
        high.Store(tail + 16);
        for (int i = 0; i < count; i++) y[i] = adds ? y[i] + tail[i] : tail[i];
    }
}
