using System.Numerics;

namespace Steering.Engine.Templates;

internal delegate bool Test(Execution execution, object value, Arguments arguments);

/// <summary>The tests of jinja2 by name.</summary>
internal static class TestTable
{
    private static readonly Dictionary<string, Test> All = new()
    {
        ["defined"] = (_, value, _) => value is not Undefined,
        ["undefined"] = (_, value, _) => value is Undefined,
        ["none"] = (_, value, _) => value is PyNone,
        ["boolean"] = (_, value, _) => value is bool,
        ["true"] = (_, value, _) => value is true,
        ["false"] = (_, value, _) => value is false,
        ["string"] = (_, value, _) => value is string,
        ["number"] = (_, value, _) => Numbers.Is(value),
        ["integer"] = (_, value, _) => value is long or BigInteger,
        ["float"] = (_, value, _) => value is double,
        ["mapping"] = (_, value, _) => value is PyDict,
        ["sequence"] = (_, value, _) => value is string or PySequence or PyDict or PyRange or Undefined,
        ["iterable"] = (_, value, _) => Iteration.TryIterate(value, out _) || value is LoopContext,
        ["callable"] = (_, value, _) => Callables.IsCallable(value),
        ["escaped"] = (_, _, _) => false,
        ["lower"] = (e, value, _) => CharacterTests.IsLower(Text.Of(e, value)),
        ["upper"] = (e, value, _) => CharacterTests.IsUpper(Text.Of(e, value)),
        ["odd"] = (e, value, _) => Remainder(e, value, 2L, 1L),
        ["even"] = (e, value, _) => Remainder(e, value, 2L, 0L),
        ["divisibleby"] = (e, value, a) => Remainder(e, value, Other(a, "divisibleby"), 0L),
        ["sameas"] = (_, value, a) => AreSame(value, Other(a, "sameas")),
        ["in"] = (e, value, a) => Comparing.Contains(e, Other(a, "in"), value),
        ["filter"] = (_, value, _) => value is string name && FilterTable.Contains(name),
        ["test"] = (_, value, _) => value is string name && Contains(name),
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
