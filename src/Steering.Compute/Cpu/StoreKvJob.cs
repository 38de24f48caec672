using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Steering.Compute.Cpu;

/// <summary>
/// Writes the keys and values of each row to its block; an item is a row and a key-value head, numbered as those of <see cref="AttendJob{TLanes, TTile}"/>, so that the thread that writes a head reads it.
/// </summary>
internal readonly unsafe struct StoreKvJob(nint layer, KvLayout layout, TensorView fused, RowPlaces places) : IJob
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        var shape = layout.Shape;
        int d = shape.HeadDimension, blockWords = layout.BlockWords, headWords = layout.HeadWords, keyWords = layout.KeyWords, valueWords = layout.ValueWords;
        for (int item = first; item < last; item++)
        {
            int row = item % fused.Rows, head = item / fused.Rows;
            int position = ((int*)places.Positions)[row], slot = position % KvCache.BlockLength;
            int block = ((int*)places.Tables)[((int*)places.TableStarts)[row] + position / KvCache.BlockLength];
            float* keys = (float*)layer + (long)block * blockWords + head * headWords;
            float* values = keys + keyWords + slot * valueWords;
            float* k = fused.Pointer(row) + shape.QueryWidth + head * d, v = k + shape.KeyValueWidth;
            if (layout.IsPaired) StorePairs((uint*)keys + slot, (uint*)values, k, v, d);
            else
            {
                for (int i = 0; i < d; i++) keys[slot + i * KvCache.BlockLength] = k[i];
                new Span<float>(v, d).CopyTo(new Span<float>(values, d));
            }
        }
    }

    private static void StorePairs(uint* keys, uint* values, float* k, float* v, int dimension)
    {
        int i = 0;
        for (; i + 8 <= dimension; i += 8)
        {
            var halves = RowFormats.ToBf16(Vector256.Load(k + i)).AsUInt64();
            halves |= halves >> 16; // the lower 32 bits of each are a pair
            for (int j = 0; j < 4; j++, keys += KvCache.BlockLength) *keys = (uint)halves[j];
        }
        for (; i < dimension; i += 2, keys += KvCache.BlockLength) *keys = Pair(k, i, i + 1, dimension);
        for (i = 0; i + 32 <= dimension; i += 32)
            for (int j = i; j < i + 16; j += 8, values += 8) (RowFormats.ToBf16(Vector256.Load(v + j)) | RowFormats.ToBf16(Vector256.Load(v + j + 16)) << 16).Store(values);
        if (i < dimension)
            for (int j = i; j < i + 16; j++) *values++ = Pair(v, j, j + 16, dimension);
    }

    private static uint Pair(float* row, int first, int second, int count) =>
        (first < count ? RowFormats.ToBf16(row[first]) : 0u) | (second < count ? (uint)RowFormats.ToBf16(row[second]) << 16 : 0);
}
