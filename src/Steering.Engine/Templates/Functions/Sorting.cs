namespace Steering.Engine.Templates;

/// <summary>sorted(): a stable merge sort, since .NET's sorts are not stable or wrap the errors of comparisons.</summary>
internal static class Sorting
{
    public static List<T> Sort<T>(Execution execution, IReadOnlyList<T> items, Func<T, object> key, bool reverse)
    {
        var keyed = new (T Item, object Key)[items.Count];
        for (int i = 0; i < keyed.Length; i++) keyed[i] = (items[i], key(items[i]));
        var buffer = new (T Item, object Key)[keyed.Length];
        for (int width = 1; width < keyed.Length; width *= 2)
        {
            for (int start = 0; start < keyed.Length; start += 2 * width)
                Merge(start, Math.Min(start + width, keyed.Length), Math.Min(start + 2 * width, keyed.Length));
            (keyed, buffer) = (buffer, keyed);
        }
        return [.. keyed.Select(k => k.Item)];

        void Merge(int left, int middle, int end)
        {
            int right = middle;
            for (int to = left, from = left; to < end; to++)
                buffer[to] = from < middle && (right >= end || !GoesBefore(keyed[right].Key, keyed[from].Key)) ? keyed[from++] : keyed[right++];
        }

        bool GoesBefore(object a, object b)
        {
            execution.Charge(PySequence.WeightOf(a) + PySequence.WeightOf(b));
            return (reverse ? Comparing.Order(b, a, "<") : Comparing.Order(a, b, "<")) < 0;
        }
    }
}
