using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>
/// Writes the keys and values of each row to its block; an item is a row and a key-value head, numbered as those of <see cref="AttendJob{TLanes}"/>, so that the thread that writes a head reads it. Keys are transposed inside
/// the block so that positions are lanes.
/// </summary>
internal readonly unsafe struct StoreKvJob(nint layer, AttentionShape shape, TensorView fused, RowPlaces places) : IJob
{
    [MethodImpl(Compiled.Apart)]
    public void Run(int first, int last)
    {
        int d = shape.HeadDimension, padded = KvCache.PaddedHead(shape);
        for (int item = first; item < last; item++)
        {
            int row = item % fused.Rows, head = item / fused.Rows;
            int position = ((int*)places.Positions)[row], slot = position % KvCache.BlockLength;
            int block = ((int*)places.Tables)[((int*)places.TableStarts)[row] + position / KvCache.BlockLength];
            float* keys = (float*)layer + (long)block * KvCache.BlockFloats(shape) + head * KvCache.HeadFloats(shape) + slot;
            float* values = keys - slot + d * KvCache.BlockLength + slot * padded;
            float* k = fused.Pointer(row) + shape.QueryWidth + head * d, v = k + shape.KeyValueWidth;
            for (int i = 0; i < d; i++) keys[i * KvCache.BlockLength] = k[i];
            new Span<float>(v, d).CopyTo(new Span<float>(values, d));
        }
    }
}
