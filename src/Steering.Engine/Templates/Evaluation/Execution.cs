using System.Text;

namespace Steering.Engine.Templates;

/// <summary>One rendering: its input, its output so far, and what it has used of its limits. Used by one thread.</summary>
internal sealed class Execution(IReadOnlyDictionary<string, object> variables, TimeProvider clock, TemplateLimits limits)
{
    private StringBuilder _output = new();
    private int _iterations;
    private int _depth;
    private long _work;

    public TimeProvider Clock => clock;

    public TemplateLimits Limits => limits;

    /// <summary>The line being executed, for errors.</summary>
    public int Line { get; set; }

    public string Output => _output.ToString();

    /// <summary>A variable of the input, else a global function, else null.</summary>
    public object? Variable(string name) => variables.TryGetValue(name, out object? value) ? value : Globals.Find(name);

    public void Write(string text)
    {
        if (_output.Length + text.Length > limits.Output) throw new TemplateException($"the output is longer than {limits.Output} characters");
        Charge(text.Length);
        _output.Append(text);
    }

    /// <summary>Runs with the output going into a text of its own.</summary>
    public string Capture(Action body)
    {
        (StringBuilder outer, _output) = (_output, new StringBuilder());
        body();
        string text = _output.ToString();
        _output = outer;
        return text;
    }

    /// <summary>Counts copied or compared characters and elements.</summary>
    public void Charge(long amount)
    {
        _work += amount;
        if (_work > limits.Work) throw new TemplateException($"the template did more than {limits.Work} units of work");
    }

    /// <summary>Fails before a string of that length is made.</summary>
    public void CheckLength(long length)
    {
        if (length > limits.Output) throw new TemplateException($"a string would be longer than {limits.Output} characters");
        Charge(length);
    }

    public void Step()
    {
        if (++_iterations > limits.Iterations) throw new TemplateException($"the template did more than {limits.Iterations} iterations and calls");
    }

    public void EnterCall()
    {
        Stack.Guard();
        Step();
        if (++_depth > limits.Depth) throw new TemplateException($"macro calls are nested deeper than {limits.Depth} levels");
    }

    public void LeaveCall() => _depth--;

    /// <summary>The items of a value as Python's iter() gives them, each counted as an iteration.</summary>
    public IEnumerable<object> Iterate(object value)
    {
        if (!Iteration.TryIterate(value, out IEnumerable<object>? items)) throw new TemplateException($"'{TypeName.Of(value)}' object is not iterable");
        return Counted(items);
    }

    public PyList List(IReadOnlyList<object> items) => new(items, CheckedWeight(PySequence.WeightOf(items)));

    public PyTuple Tuple(params IReadOnlyList<object> items) => new(items, CheckedWeight(PySequence.WeightOf(items)));

    public PyDict Dict(DictBuilder builder)
    {
        PyDict dict = builder.Build();
        CheckedWeight(dict.Weight);
        return dict;
    }

    private long CheckedWeight(long weight)
    {
        if (weight > limits.Weight) throw new TemplateException($"a container would hold more than {limits.Weight} elements");
        Charge(1);
        return weight;
    }

    private IEnumerable<object> Counted(IEnumerable<object> items)
    {
        foreach (object item in items)
        {
            Step();
            yield return item;
        }
    }
}
