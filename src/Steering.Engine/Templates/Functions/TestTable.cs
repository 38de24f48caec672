using System.Numerics;

namespace Steering.Engine.Templates;

internal delegate bool Test(Execution execution, object value, Arguments arguments);

/// <summary>The tests of jinja2 by name.</summary>
internal static class TestTable
{
    private static readonly Dictionary<string, Test> All = new()
    {
        ["defined"] = Plain((_, value) => value is not Undefined),
        ["undefined"] = Plain((_, value) => value is Undefined),
        ["none"] = Plain((_, value) => value is PyNone),
        ["boolean"] = Plain((_, value) => value is bool),
        ["true"] = Plain((_, value) => value is true),
        ["false"] = Plain((_, value) => value is false),
        ["string"] = Plain((_, value) => value is string),
        ["number"] = Plain((_, value) => Numbers.Is(value)),
        ["integer"] = Plain((_, value) => value is long or BigInteger),
        ["float"] = Plain((_, value) => value is double),
        ["mapping"] = Plain((_, value) => value is PyDict),
        ["sequence"] = Plain((_, value) => value is string or PySequence or PyDict or PyRange or Undefined),
        ["iterable"] = Plain((_, value) => Iteration.TryIterate(value, out IEnumerable<object>? _) || value is LoopContext),
        ["callable"] = Plain((_, value) => Callables.IsCallable(value)),
        ["escaped"] = Plain((_, _) => false),
        ["lower"] = Plain((e, value) => CharacterTests.IsLower(Text.Of(e, value))),
        ["upper"] = Plain((e, value) => CharacterTests.IsUpper(Text.Of(e, value))),
        ["odd"] = Plain((e, value) => Remainder(e, value, 2L, 1L)),
        ["even"] = Plain((e, value) => Remainder(e, value, 2L, 0L)),
        ["divisibleby"] = (e, value, a) => Remainder(e, value, Other(a, "divisibleby"), 0L),
        ["sameas"] = (_, value, a) => AreSame(value, Other(a, "sameas")),
        ["in"] = (e, value, a) => Comparing.Contains(e, Other(a, "in"), value),
        ["filter"] = Plain((_, value) => value is string name && FilterTable.Contains(name)),
        ["test"] = Plain((_, value) => value is string name && Contains(name)),
        ["eq"] = Compare(Comparison.Equal),
        ["equalto"] = Compare(Comparison.Equal),
        ["=="] = Compare(Comparison.Equal),
        ["ne"] = Compare(Comparison.NotEqual),
        ["!="] = Compare(Comparison.NotEqual),
        ["lt"] = Compare(Comparison.Less),
        ["lessthan"] = Compare(Comparison.Less),
        ["<"] = Compare(Comparison.Less),
        ["le"] = Compare(Comparison.LessOrEqual),
        ["<="] = Compare(Comparison.LessOrEqual),
        ["gt"] = Compare(Comparison.Greater),
        ["greaterthan"] = Compare(Comparison.Greater),
        [">"] = Compare(Comparison.Greater),
        ["ge"] = Compare(Comparison.GreaterOrEqual),
        [">="] = Compare(Comparison.GreaterOrEqual),
    };

    public static bool Contains(string name) => All.ContainsKey(name);

    public static Test? Find(string name) => All.GetValueOrDefault(name);

    private static Test Plain(Func<Execution, object, bool> test) => (execution, value, arguments) =>
    {
        arguments.RequireNone("test");
        execution.Charge(value is string text ? PySequence.WeightOf(text) : 1);
        return test(execution, value);
    };

    private static object Other(Arguments arguments, string test) => arguments.Bind(test, 1, "other")[0]!;

    private static Test Compare(Comparison comparison) => (e, value, a) => Comparing.Holds(e, comparison, value, Other(a, "compare"));

    private static bool Remainder(Execution execution, object value, object divisor, long expected) =>
        Equality.AreEqual(Arithmetic.Apply(execution, "%", value, divisor), expected);

    /// <summary>Python's identity as far as it is dependable: constants, small integers, and otherwise the same object.</summary>
    private static bool AreSame(object left, object right) => (left, right) switch
    {
        (bool a, bool b) => a == b,
        (long a, long b) => a == b && a is >= -5 and <= 256,
        (string { Length: 0 }, string { Length: 0 }) => true,
        _ => ReferenceEquals(left, right),
    };
}
