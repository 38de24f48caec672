using System.Runtime.CompilerServices;

namespace Steering.Compute.Cpu;

/// <summary>Writes the keys and values of each row to its block. Keys are transposed inside the block so that positions are lanes.</summary>
internal readonly unsafe struct StoreKvJob(nint layer, AttentionShape shape, TensorView fused, RowPlaces places) : IJob
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int first, int last)
    {
        int d = shape.HeadDimension, padded = KvCache.PaddedHead(shape);
        for (int row = first; row < last; row++)
        {
            int position = ((int*)places.Positions)[row], slot = position % KvCache.BlockLength;
            int block = ((int*)places.Tables)[((int*)places.TableStarts)[row] + position / KvCache.BlockLength];
            float* target = (float*)layer + (long)block * KvCache.BlockFloats(shape);
            float* k = fused.Pointer(row) + shape.QueryWidth, v = k + shape.KeyValueWidth;
            for (int head = 0; head < shape.KeyValueHeads; head++, k += d, v += d, target += KvCache.HeadFloats(shape))
            {
                float* keys = target + slot, values = target + d * KvCache.BlockLength + slot * padded;
                for (int i = 0; i < d; i++)
                {
                    keys[i * KvCache.BlockLength] = k[i];
                    values[i] = v[i];
                }
            }
        }
    }
}
