using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>
/// The one steering kernel. Items are edits; a thread starts at the first edit of a row and ends before the next thread's first, so a row is edited by one thread, in list order.
/// Neighbouring plain additions are summed and added once, the rounding torch's <c>h + (a v + b w)</c> has.
/// </summary>
internal readonly unsafe struct InterveneJob<TLanes>(TensorView rows, Edit* edits, int count) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        while (first > 0 && first < count && edits[first].Row == edits[first - 1].Row) first++;
        while (last < count && edits[last].Row == edits[last - 1].Row) last++;
        for (int i = first; i < last;)
        {
            float* h = rows.Pointer(edits[i].Row);
            if (!IsPlainAdd(edits[i]))
            {
                Apply(h, edits[i++]);
                continue;
            }
            int end = i + 1;
            while (end < last && edits[end].Row == edits[i].Row && IsPlainAdd(edits[end])) end++;
            Add(h, i, end);
            i = end;
        }
    }

    private static bool IsPlainAdd(in Edit edit) => edit.Kind == EditKind.Add && !edit.Renormalise && !edit.TimesNorm;

    /// <summary>h + (c1 v1 + c2 v2 + ...).</summary>
    private void Add(float* h, int first, int end)
    {
        for (int i = 0; i < rows.Columns; i += 16)
        {
            TLanes delta = TLanes.Broadcast(edits[first].Coefficient) * TLanes.Load((float*)edits[first].Directions + i);
            for (int e = first + 1; e < end; e++) delta += TLanes.Broadcast(edits[e].Coefficient) * TLanes.Load((float*)edits[e].Directions + i);
            (TLanes.Load(h + i) + delta).Store(h + i);
        }
    }

    private void Apply(float* h, in Edit edit)
    {
        int width = rows.Columns;
        float norm = edit.TimesNorm || edit.Renormalise ? RowSums.Norm<TLanes>(h, width) : 0;
        float coefficient = edit.TimesNorm ? edit.Coefficient * norm : edit.Coefficient;
        float* u = (float*)edit.Directions;
        switch (edit.Kind)
        {
            case EditKind.Add:
                AddScaled(h, u, coefficient);
                break;
            case EditKind.ScaleCoordinate:
                Subspace(h, edit, -coefficient);
                break;
            case EditKind.SetCoordinate:
                float x = RowSums.Dot<TLanes>(h, u, width);
                AddScaled(h, u, coefficient * (MathF.Min(MathF.Max(x, edit.Low), edit.High) - x));
                break;
            case EditKind.SetRectified:
                AddScaled(h, u, coefficient * (edit.Low - MathF.Max(RowSums.Dot<TLanes>(h, u, width), 0)));
                break;
            case EditKind.RotateBy or EditKind.RotateTo:
                Rotate(h, edit, coefficient);
                break;
            case EditKind.ProjectBoost:
                float length = Projection(h, edit);
                if (length >= 1e-12f) Subspace(h, edit, coefficient / length);
                break;
            case EditKind.LowRank:
                LowRank(h, edit, coefficient);
                break;
        }
        if (edit.Renormalise) Scale(h, norm / (RowSums.Norm<TLanes>(h, width) + 1e-8f));
    }

    private void AddScaled(float* h, float* direction, float coefficient)
    {
        var c = TLanes.Broadcast(coefficient);
        for (int i = 0; i < rows.Columns; i += 16) (TLanes.Load(h + i) + c * TLanes.Load(direction + i)).Store(h + i);
    }

    private void Scale(float* h, float factor)
    {
        var c = TLanes.Broadcast(factor);
        for (int i = 0; i < rows.Columns; i += 16) (TLanes.Load(h + i) * c).Store(h + i);
    }

    /// <summary>h + c sum_i &lt;h,u_i&gt; u_i, all coordinates read from the same h.</summary>
    private void Subspace(float* h, in Edit edit, float coefficient)
    {
        int stride = TensorView.Padded(rows.Columns);
        float* coordinates = stackalloc float[edit.Rank];
        for (int r = 0; r < edit.Rank; r++) coordinates[r] = RowSums.Dot<TLanes>(h, (float*)edit.Directions + r * stride, rows.Columns);
        for (int r = 0; r < edit.Rank; r++) AddScaled(h, (float*)edit.Directions + r * stride, coefficient * coordinates[r]);
    }

    /// <summary>|U^T U h| for orthonormal rows U: the length of the coordinates.</summary>
    private float Projection(float* h, in Edit edit)
    {
        int stride = TensorView.Padded(rows.Columns);
        float sum = 0;
        for (int r = 0; r < edit.Rank; r++)
        {
            float x = RowSums.Dot<TLanes>(h, (float*)edit.Directions + r * stride, rows.Columns);
            sum = MathF.FusedMultiplyAdd(x, x, sum);
        }
        return MathF.Sqrt(sum);
    }

    /// <summary>h + c R^T (W h + b - R h), all coordinates read from the same h.</summary>
    private void LowRank(float* h, in Edit edit, float coefficient)
    {
        int rank = edit.Rank, stride = TensorView.Padded(rows.Columns);
        float* r = (float*)edit.Directions, w = r + rank * stride, b = w + rank * stride;
        float* changes = stackalloc float[rank];
        for (int i = 0; i < rank; i++) changes[i] = RowSums.Dot<TLanes>(h, w + i * stride, rows.Columns) + b[i] - RowSums.Dot<TLanes>(h, r + i * stride, rows.Columns);
        for (int i = 0; i < rank; i++) AddScaled(h, r + i * stride, coefficient * changes[i]);
    }

    private void Rotate(float* h, in Edit edit, float coefficient)
    {
        float* b1 = (float*)edit.Directions, b2 = b1 + TensorView.Padded(rows.Columns);
        float c1 = RowSums.Dot<TLanes>(h, b1, rows.Columns), c2 = RowSums.Dot<TLanes>(h, b2, rows.Columns);
        float t1, t2;
        if (edit.Kind == EditKind.RotateBy)
        {
            t1 = edit.Low * c1 - edit.High * c2 - c1;
            t2 = edit.High * c1 + edit.Low * c2 - c2;
        }
        else
        {
            float radius = MathF.Sqrt(MathF.FusedMultiplyAdd(c1, c1, c2 * c2));
            if (radius < 1e-6f) return; // no direction to turn
            t1 = coefficient * (radius * edit.Low - c1);
            t2 = coefficient * (radius * edit.High - c2);
        }
        AddScaled(h, b1, t1);
        AddScaled(h, b2, t2);
    }
}
