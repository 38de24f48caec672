namespace Steering.Engine.Templates;

/// <summary>A list or tuple. It never changes after it is made: the sandbox refuses every method that would.</summary>
internal abstract class PySequence(IReadOnlyList<object> items, long weight)
{
    public IReadOnlyList<object> Items => items;

    /// <summary>Elements here and in everything inside, counted at each place: the cost of walking through it all.</summary>
    public long Weight => weight;

    public static long WeightOf(object value) => value switch
    {
        PySequence sequence => sequence.Weight,
        PyDict dict => dict.Weight,
        string text => 1 + text.Length / 16,
        _ => 1,
    };

    public static long WeightOf(IReadOnlyList<object> items)
    {
        long weight = 1;
        for (int i = 0; i < items.Count; i++) weight += WeightOf(items[i]);
        return weight;
    }
}

internal sealed class PyList(IReadOnlyList<object> items, long weight) : PySequence(items, weight);

internal class PyTuple(IReadOnlyList<object> items, long weight) : PySequence(items, weight);

/// <summary>A result of the groupby filter: a pair whose parts are also <c>grouper</c> and <c>list</c>.</summary>
internal sealed class PyGroup(object grouper, PyList list) : PyTuple([grouper, list], 1 + WeightOf(grouper) + list.Weight);
