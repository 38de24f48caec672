using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

internal readonly unsafe struct RotateJob<TLanes>(TensorView fused, AttentionShape shape, TensorView cosines, TensorView sines) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        int half = cosines.Columns;
        for (int row = first; row < last; row++)
        {
            float* c = cosines.Pointer(row), s = sines.Pointer(row);
            for (int head = 0; head < shape.Heads + shape.KeyValueHeads; head++)
            {
                float* x = fused.Pointer(row) + head * shape.HeadDimension;
                int i = 0;
                for (; i + 16 <= half; i += 16)
                {
                    TLanes a = TLanes.Load(x + i), b = TLanes.Load(x + i + half), cosine = TLanes.Load(c + i), sine = TLanes.Load(s + i);
                    (a * cosine - b * sine).Store(x + i);
                    (b * cosine + a * sine).Store(x + i + half);
                }
                for (; i < half; i++)
                {
                    float a = x[i], b = x[i + half];
                    x[i] = a * c[i] - b * s[i];
                    x[i + half] = b * c[i] + a * s[i];
                }
            }
        }
    }
}

internal readonly unsafe struct EmbedJob(TensorView output, int* ids, PanelMatrix table, float scale) : IJob
{
    // The panels are reached through a handle because jobs are unmanaged.
    private readonly nint _first = (nint)table.Panel(0);
    private readonly long _panelBytes = table.PanelBytes;
    private readonly DType _type = table.Type;
    private readonly GroupLayout _groups = table.Groups;

    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        for (int row = first; row < last; row++)
        {
            float* y = output.Pointer(row);
            PanelMatrix.ReadRow((byte*)_first + ids[row] / PanelMatrix.Width * _panelBytes, ids[row] % PanelMatrix.Width, _type, _groups, new Span<float>(y, output.Columns));
            if (scale == 1) continue;
            for (int i = 0; i < output.Columns; i++) y[i] *= scale;
        }
    }
}

/// <summary>Softmax over a row, of which the largest stay; see <see cref="IKernels.Route"/>.</summary>
internal readonly unsafe struct RouteJob<TLanes>(TensorView weights, TensorView logits, int count, bool renormalise) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        int experts = logits.Columns;
        for (int row = first; row < last; row++)
        {
            float* x = logits.Pointer(row), y = weights.Pointer(row);
            float largest = float.NegativeInfinity, total = 0, kept = 0;
            for (int i = 0; i < experts; i++) largest = MathF.Max(largest, x[i]);
            for (int i = 0; i < experts; i += 16)
            {
                var e = Transcendental.Exp(TLanes.Load(x + i) - TLanes.Broadcast(largest)).KeepFirst(experts - i, 0);
                e.Store(y + i);
                total += e.Sum();
            }
            for (int i = 0; i < experts; i++)
            {
                // An expert's rank: how many others are larger, or equal and before it.
                int rank = 0;
                for (int j = 0; j < experts; j++)
                    if (x[j] > x[i] || (x[j] == x[i] && j < i)) rank++;
                if (rank >= count) y[i] = 0;
                else kept += y[i];
            }
            float inverse = 1f / (renormalise ? kept : total);
            for (int i = 0; i < experts; i++) y[i] *= inverse;
        }
    }
}

/// <summary>target[rows[i].Row] += rows[i].Weight * source[i]; no two of a call have the same row.</summary>
internal readonly unsafe struct AddScaledRowsJob<TLanes>(TensorView target, TensorView source, RowWeight* rows) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        for (int row = first; row < last; row++)
        {
            float* x = source.Pointer(row), y = target.Pointer(rows[row].Row);
            var weight = TLanes.Broadcast(rows[row].Weight);
            for (int i = 0; i < source.Columns; i += 16) TLanes.FusedMultiplyAdd(weight, TLanes.Load(x + i), TLanes.Load(y + i)).Store(y + i);
        }
    }
}
