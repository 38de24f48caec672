namespace Steering.Engine.Templates;

/// <summary>Comparisons of values: equality, order and membership.</summary>
internal static class Comparing
{
    public static bool Holds(Execution execution, Comparison comparison, object left, object right)
    {
        // Equality and order end with the smaller value; membership walks, and counts, the elements of the container.
        execution.Charge(comparison is Comparison.In or Comparison.NotIn
            ? PySequence.WeightOf(left) + (right is string text ? text.Length / 16 : 0)
            : Math.Min(PySequence.WeightOf(left), PySequence.WeightOf(right)));
        return comparison switch
        {
            Comparison.Equal => Equality.AreEqual(left, right),
            Comparison.NotEqual => !Equality.AreEqual(left, right),
            Comparison.In => Contains(execution, right, left),
            Comparison.NotIn => !Contains(execution, right, left),
            Comparison.Less => Order(left, right, "<") is < 0,
            Comparison.LessOrEqual => Order(left, right, "<=") is <= 0,
            Comparison.Greater => Order(left, right, ">") is > 0,
            _ => Order(left, right, ">=") is >= 0,
        };
    }

    /// <summary>Negative, zero or positive as Python orders the two; null where nothing holds (NaN); values without an order fail.</summary>
    public static int? Order(object left, object right, string op)
    {
        Stack.Guard();
        if (left is Undefined l) throw l.Error();
        if (right is Undefined r) throw r.Error();
        if (Numbers.Is(left) && Numbers.Is(right)) return Numbers.Compare(left, right);
        if (left is string a && right is string b) return CodePoints.Compare(a, b);
        if ((left, right) is (PyList, PyList) or (PyTuple, PyTuple)) return Order(((PySequence)left).Items, ((PySequence)right).Items, op);
        throw new TemplateException($"'{op}' not supported between instances of '{TypeName.Of(left)}' and '{TypeName.Of(right)}'");
    }

    public static bool Contains(Execution execution, object container, object item)
    {
        switch (container)
        {
            case string text when item is string part:
                return text.Contains(part, StringComparison.Ordinal);
            case string:
                throw new TemplateException($"'in <string>' requires string as left operand, not {TypeName.Of(item)}");
            case PyDict dict:
                return dict.Find(item) is not null;
            case DictView { Kind: "keys" } view:
                return view.Dict.Find(item) is not null;
            default:
                if (!Iteration.TryIterate(container, out IEnumerable<object>? items))
                    throw new TemplateException($"argument of type '{TypeName.Of(container)}' is not iterable");
                foreach (object element in items)
                {
                    execution.Charge(Math.Min(PySequence.WeightOf(element), PySequence.WeightOf(item)));
                    if (Equality.AreEqual(element, item)) return true;
                }
                return false;
        }
    }

    private static int? Order(IReadOnlyList<object> left, IReadOnlyList<object> right, string op)
    {
        for (int i = 0; i < Math.Min(left.Count, right.Count); i++)
            if (!Equality.AreEqual(left[i], right[i])) return Order(left[i], right[i], op);
        return left.Count.CompareTo(right.Count);
    }
}
