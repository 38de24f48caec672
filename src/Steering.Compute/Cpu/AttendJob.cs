using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>
/// Online softmax over tiles of 64 absolute positions (Milakov and Gimelshein 2018). An item is a row and some query heads that share keys. Neighbouring rows of a sequence and the query heads that share keys go through a
/// tile together, so it is read once for all of them; each query's tiles and the order inside them depend on its own position alone, so chunked prefill, decode and any batch give the same bits.
/// </summary>
/// <param name="headsPerItem">Query heads of an item; divides those that share keys.</param>
/// <remarks>
/// Items are numbered head by head, so that threads get heads, not early and late rows: late ones see more positions. A thread walks over its items sequence by sequence and there head by head: all rows of a
/// sequence find a head's keys in the cache, and the heads of a block, which follow each other in memory, are read in that order (a tenth off decode's attention).
/// </remarks>
internal readonly unsafe struct AttendJob<TLanes, TTile>(TensorView output, TensorView fused, nint layer, KvLayout layout, RowPlaces places, AttentionRule rule, int headsPerItem) : IJob
    where TLanes : unmanaged, ILanes<TLanes>
    where TTile : unmanaged, IAttentionTile<TLanes>
{
    private const int MostQueries = 16;
    private const int Length = KvCache.BlockLength;

    /// <summary>A query on its way through the tiles: its softmax so far, and the positions of the current tile it sees.</summary>
    private struct Query
    {
        public float* Vector, Output, Weights, Sum;
        public float Largest, Total, Correction;
        public int Position, First, Begin, End;
    }

    [MethodImpl(Compiled.Apart), SkipLocalsInit]
    public void Run(int first, int last)
    {
        int padded = layout.PaddedHead, rowsAtOnce = Math.Max(1, MostQueries / headsPerItem);
        if (rowsAtOnce >= 4) rowsAtOnce &= ~3; // queries go through a tile four by four
        const int Slots = MostQueries + 1; // one behind the last query, where Fours makes four of three
        var queries = stackalloc Query[Slots];
        float* memory = stackalloc float[Slots * (Length + padded) + CacheLine.Floats];
        memory = CacheLine.Next(memory);
        for (int i = 0; i < Slots; i++)
        {
            queries[i].Weights = memory + i * (Length + padded);
            queries[i].Sum = queries[i].Weights + Length;
        }
        for (int row = 0, end; row < output.Rows; row = end)
        {
            end = row + SequenceLength(row);
            for (int group = first / output.Rows, groups; group * output.Rows < last; group += groups)
            {
                groups = Together(group, last);
                int from = Math.Max(row, first - group * output.Rows), to = Math.Min(end, last - group * output.Rows);
                float* after = (group + groups) * output.Rows < last ? FirstTile(row, group + groups) : end < output.Rows ? FirstTile(end, first / output.Rows) : null;
                for (int count; from < to; from += count)
                {
                    count = Neighbours(from, Math.Min(rowsAtOnce, to - from));
                    Rows(queries, from, count, group * headsPerItem, groups * headsPerItem, padded, after);
                }
            }
        }
    }

    /// <summary>Items that are taken at once: of a single row the thread's heads that share keys, which were dealt out one by one so that every thread has as many.</summary>
    private int Together(int group, int last) => output.Rows > 1 || headsPerItem > 1 ? 1 : Math.Min(last - group, layout.Shape.HeadsPerKeyValue - group % layout.Shape.HeadsPerKeyValue);

    /// <summary>Neighbouring rows and some query heads that share keys.</summary>
    private void Rows(Query* queries, int row, int rows, int firstHead, int count, int padded, float* after)
    {
        for (int head = firstHead; head < firstHead + count; head += MostQueries)
        {
            int heads = Math.Min(MostQueries, firstHead + count - head);
            for (int i = 0; i < rows * heads; i++) Begin(ref queries[i], row + i / heads, head + i % heads, padded);
            Tiles(queries, rows * heads, row, head / layout.Shape.HeadsPerKeyValue, padded, after);
            for (int i = 0; i < rows * heads; i++) Finish(queries[i]);
        }
    }

    /// <summary>How many rows from this one on are of one sequence.</summary>
    private int SequenceLength(int row)
    {
        int* starts = (int*)places.TableStarts;
        int count = 1;
        while (row + count < output.Rows && starts[row + count] == starts[row]) count++;
        return count;
    }

    /// <summary>How many rows of a sequence from this one on follow each other in it; at most <paramref name="most"/>.</summary>
    private int Neighbours(int row, int most)
    {
        int* positions = (int*)places.Positions;
        int count = 1;
        while (count < most && positions[row + count] == positions[row] + count) count++;
        return count;
    }

    /// <summary>The first tile that an item reads.</summary>
    private float* FirstTile(int row, int group) => Tile(row, FirstPosition(((int*)places.Positions)[row]) / Length, group * headsPerItem / layout.Shape.HeadsPerKeyValue);

    /// <summary>Keys, and values behind them, of a tile of a row's sequence.</summary>
    private float* Tile(int row, int tile, int keyValueHead) =>
        (float*)layer + (long)((int*)places.Tables)[((int*)places.TableStarts)[row] + tile] * layout.BlockWords + keyValueHead * layout.HeadWords;

    /// <summary>The first position that the query of a position sees.</summary>
    private int FirstPosition(int position) => rule.Window > 0 ? Math.Max(0, position + 1 - rule.Window) : 0;

    private void Begin(ref Query query, int row, int head, int padded)
    {
        query.Vector = fused.Pointer(row) + head * layout.Shape.HeadDimension;
        query.Output = output.Pointer(row) + head * layout.Shape.HeadDimension;
        query.Position = ((int*)places.Positions)[row];
        query.First = FirstPosition(query.Position);
        (query.Largest, query.Total) = (float.NegativeInfinity, 0);
        for (int i = 0; i < padded; i += 16) TLanes.Zero.Store(query.Sum + i);
    }

    private void Finish(in Query query)
    {
        float inverse = 1f / query.Total;
        var scaling = TLanes.Broadcast(inverse);
        int i = 0;
        for (; i + 16 <= layout.Shape.HeadDimension; i += 16) (TLanes.Load(query.Sum + i) * scaling).Store(query.Output + i);
        for (; i < layout.Shape.HeadDimension; i++) query.Output[i] = query.Sum[i] * inverse;
    }

    /// <summary>Queries are in the order of their positions.</summary>
    /// <param name="after">The tile that is read after the last of these; null for none.</param>
    private void Tiles(Query* queries, int count, int row, int keyValueHead, int padded, float* after)
    {
        int lastTile = queries[count - 1].Position / Length;
        for (int tile = queries[0].First / Length; tile <= lastTile; tile++)
        {
            float* keys = Tile(row, tile, keyValueHead);
            int from = 0, to = count;
            while (queries[from].Position < tile * Length) from++;
            while (queries[to - 1].First >= (tile + 1) * Length) to--;
            for (int q = from; q < to; q++)
            {
                queries[q].Begin = Math.Max(0, queries[q].First - tile * Length);
                queries[q].End = Math.Min(Length, queries[q].Position + 1 - tile * Length);
            }
            float* next = tile < lastTile ? Tile(row, tile + 1, keyValueHead) : after == null ? keys : after;
            int nextEnd = tile < lastTile ? Math.Min(Length, queries[count - 1].Position + 1 - (tile + 1) * Length) : Length;
            int at = TLanes.RowsPerTile == 8 ? Fours(queries, from, to, to == count, tile, keys, next, nextEnd, padded) : from;
            if (at < to) Singles(queries, at, to, tile, keys, next, padded);
        }
    }

    /// <summary>Takes queries [from, to) through a tile one by one. The first scores ask for the tile's values, the last product with values for the next tile's keys: half a tile is what the first-level cache has room for.</summary>
    private void Singles(Query* queries, int from, int to, int tile, float* keys, float* next, int padded)
    {
        int dimension = layout.Shape.HeadDimension;
        float* values = keys + layout.KeyWords;
        for (int at = from; at < to; at++)
        {
            ref var query = ref queries[at];
            if (at == from) TTile.Scores(query.Vector, keys, dimension, query.End, query.Weights, new Ahead(values, query.End));
            else TTile.Scores(query.Vector, keys, dimension, query.End, query.Weights, new Nothing());
            Weigh(ref query, tile);
            if (at == to - 1) Add(query, values, padded, new Ahead(next, layout.KeyWords / ((query.End - query.Begin) * ((padded + 63) / 64))));
            else Add(query, values, padded, new Nothing());
        }
    }

    private static void Add<TAhead>(in Query query, float* values, int padded, TAhead ahead) where TAhead : unmanaged, IAhead =>
        AttentionValues<TLanes, TTile>.Add(query.Sum, query.Weights, values, query.Begin, query.End, padded, query.Correction, ahead);

    /// <summary>
    /// Takes queries [from, to) through a tile four by four and returns the first one that is left. One four asks as <see cref="Singles"/> do; several have the time to ask for the whole next tile, a part each.
    /// </summary>
    /// <param name="isRoom">Whether the slot behind the last query is free: then three go as four of which one is there twice, which costs less than one by one.</param>
    private int Fours(Query* queries, int from, int to, bool isRoom, int tile, float* keys, float* next, int nextEnd, int padded)
    {
        int fours = (to - from) / 4;
        if ((to - from) % 4 == 3 && isRoom)
        {
            fours++;
            queries[to] = queries[to - 1] with { Weights = queries[to].Weights, Sum = queries[to].Sum };
        }
        if (fours == 0) return from;
        int dimension = layout.Shape.HeadDimension, valueSteps = Length * ((padded + 31) / 32);
        float* values = keys + layout.KeyWords;
        for (int four = 0; four < fours; four++)
        {
            var q = queries + from + 4 * four;
            Ahead first, second;
            if (fours == 1)
            {
                first = new Ahead(values, q[3].End * layout.ValueWords / dimension);
                second = new Ahead(next, layout.KeyWords / valueSteps);
            }
            else
            {
                int keyWords = layout.KeyWords / fours, valueWords = nextEnd * layout.ValueWords / fours;
                first = new Ahead(next + four * keyWords, keyWords / dimension);
                second = new Ahead(next + layout.KeyWords + four * valueWords, valueWords / valueSteps);
            }
            TTile.Scores4(q[0].Vector, q[1].Vector, q[2].Vector, q[3].Vector, keys, dimension, q[0].Weights, q[1].Weights, q[2].Weights, q[3].Weights, first);
            for (int i = 0; i < Math.Min(4, to - from - 4 * four); i++) Weigh(ref q[i], tile);
            AddValues4(q, values, padded, second);
        }
        return Math.Min(to, from + 4 * fours);
    }

    /// <summary>Scores become weights relative to the largest so far.</summary>
    [MethodImpl(Compiled.Apart)]
    private void Weigh(ref Query query, int tile)
    {
        float* weights = query.Weights;
        int begin = query.Begin, end = query.End;
        bool isPartial = begin > 0 || end < Length;
        TLanes scaling = TLanes.Broadcast(rule.Scale), most = TLanes.Broadcast(float.NegativeInfinity), total = TLanes.Zero;
        for (int i = 0; i < Length; i += 16)
        {
            var score = TLanes.Load(weights + i) * scaling;
            if (rule.SoftCap > 0) score = Transcendental.SoftCap(score, rule.SoftCap);
            if (isPartial) score = score.KeepFirst(end - i, float.NegativeInfinity).KeepFrom(begin - i, float.NegativeInfinity);
            most = TLanes.Max(most, score);
            score.Store(weights + i);
        }
        float before = query.Largest;
        query.Largest = MathF.Max(before, most.MaxAcross());
        var shift = TLanes.Broadcast(query.Largest);
        for (int i = 0; i < Length; i += 32)
        {
            TLanes first = Transcendental.Exp(TLanes.Load(weights + i) - shift), second = Transcendental.Exp(TLanes.Load(weights + i + 16) - shift);
            if (isPartial)
            {
                first = first.KeepFirst(end - i, 0).KeepFrom(begin - i, 0);
                second = second.KeepFirst(end - i - 16, 0).KeepFrom(begin - i - 16, 0);
            }
            first.Store(weights + i);
            second.Store(weights + i + 16);
            total = i == 0 ? first + second : total + (first + second);
        }
        // The first tile has nothing to rescale, and most others hold no larger score: exp(0) is 1.
        query.Correction = tile == query.First / Length || before == query.Largest ? 1 : Transcendental.Exp(TLanes.Broadcast(before - query.Largest)).First;
        query.Total = MathF.FusedMultiplyAdd(query.Total, query.Correction, total.Sum());
    }

    /// <summary>The rows in positions that all four see, and each alone before and after them: what a query does not see may be anything, also not a number.</summary>
    private static void AddValues4(Query* queries, float* values, int padded, Ahead ahead)
    {
        int begin = 0, end = Length;
        for (int q = 0; q < 4; q++) (begin, end) = (Math.Max(begin, queries[q].Begin), Math.Min(end, queries[q].End));
        if (begin >= end)
        {
            for (int q = 0; q < 4; q++) Add(queries[q], values, padded, new Nothing());
            return;
        }
        for (int q = 0; q < 4; q++)
        {
            if (queries[q].Begin == begin) continue;
            AttentionValues<TLanes, TTile>.Add(queries[q].Sum, queries[q].Weights, values, queries[q].Begin, begin, padded, queries[q].Correction, new Nothing());
            queries[q].Correction = 1;
        }
        AttentionValues<TLanes, TTile>.Add4(queries[0].Sum, queries[1].Sum, queries[2].Sum, queries[3].Sum, queries[0].Weights, queries[1].Weights, queries[2].Weights, queries[3].Weights,
            values, begin, end, padded, queries[0].Correction, queries[1].Correction, queries[2].Correction, queries[3].Correction, ahead);
        for (int q = 0; q < 4; q++)
            if (queries[q].End > end) AttentionValues<TLanes, TTile>.Add(queries[q].Sum, queries[q].Weights, values, end, queries[q].End, padded, 1, new Nothing());
    }
}
