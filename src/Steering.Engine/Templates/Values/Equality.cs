using System.Numerics;

namespace Steering.Engine.Templates;

/// <summary>Python's == and hash().</summary>
internal static class Equality
{
    /// <summary>Equality of dict keys; hashing an unhashable value fails.</summary>
    public static IEqualityComparer<object> Keys { get; } = new KeyComparer();

    public static bool AreEqual(object left, object right)
    {
        if (ReferenceEquals(left, right)) return left is not double number || !double.IsNaN(number);
        switch (left, right)
        {
            case (string a, string b): return string.Equals(a, b, StringComparison.Ordinal);
            case (Undefined, Undefined): return true;
            case (PyList a, PyList b): return AreEqual(a.Items, b.Items);
            case (PyTuple a, PyTuple b): return AreEqual(a.Items, b.Items);
            case (PyDict a, PyDict b): return AreEqual(a, b);
            case (PyRange a, PyRange b): return a.Count == b.Count && (a.Count == 0 || (a.Start == b.Start && (a.Count == 1 || a.Step == b.Step)));
            default: return Numbers.Is(left) && Numbers.Is(right) && Numbers.Compare(left, right) == 0;
        }
    }

    public static int Hash(object value)
    {
        Stack.Guard();
        switch (value)
        {
            case string text: return string.GetHashCode(text, StringComparison.Ordinal);
            case bool b: return (b ? 1L : 0L).GetHashCode();
            case long number: return number.GetHashCode();
            case BigInteger number: return ((double)number).GetHashCode();
            case double number: return number == Math.Floor(number) && Math.Abs(number) < 9e18 ? ((long)number).GetHashCode() : number.GetHashCode();
            case Undefined: return 1;
            case PyTuple tuple:
                var hash = new HashCode();
                foreach (object item in tuple.Items) hash.Add(Hash(item));
                return hash.ToHashCode();
            case PyList or PyDict or DictView: throw new TemplateException($"unhashable type: '{TypeName.Of(value)}'");
            default: return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);
        }
    }

    public static bool IsHashable(object value) =>
        value is PyTuple tuple ? tuple.Items.All(IsHashable) : value is not (PyList or PyDict or DictView);

    private static bool AreEqual(IReadOnlyList<object> left, IReadOnlyList<object> right)
    {
        Stack.Guard();
        if (left.Count != right.Count) return false;
        for (int i = 0; i < left.Count; i++)
            if (!AreEqual(left[i], right[i])) return false;
        return true;
    }

    private static bool AreEqual(PyDict left, PyDict right)
    {
        Stack.Guard();
        return left.Count == right.Count && left.Pairs.All(p => right.Find(p.Key) is { } other && AreEqual(p.Value, other));
    }

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public new bool Equals(object? left, object? right) => AreEqual(left!, right!);

        public int GetHashCode(object value) => Hash(value);
    }
}
