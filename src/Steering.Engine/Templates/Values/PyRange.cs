namespace Steering.Engine.Templates;

/// <summary><c>range(start, stop, step)</c></summary>
internal sealed class PyRange(long start, long stop, long step)
{
    public long Start => start;

    public long Stop => stop;

    public long Step => step;

    public long Count { get; } = LengthOf(start, stop, step);

    public object this[long index] => start + index * step;

    public IEnumerable<object> Items
    {
        get
        {
            for (long i = 0; i < Count; i++) yield return this[i];
        }
    }

    private static long LengthOf(long start, long stop, long step)
    {
        Int128 distance = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        Int128 stride = Int128.Abs(step);
        return distance <= 0 ? 0 : (long)Int128.Min((distance + stride - 1) / stride, long.MaxValue);
    }
}
