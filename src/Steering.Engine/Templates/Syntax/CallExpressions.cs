namespace Steering.Engine.Templates;

/// <summary>The arguments of a call, a filter or a test as they are written.</summary>
internal sealed record ArgumentList(Expression[] Positional, (string Name, Expression Value)[] Keywords, Expression? MorePositional, Expression? MoreKeywords)
{
    public static ArgumentList None { get; } = new([], [], null, null);

    public IEnumerable<Expression> Parts =>
        Positional.Concat(Keywords.Select(k => k.Value)).Concat(new[] { MorePositional, MoreKeywords }.OfType<Expression>());

    public Arguments Evaluate(Frame frame)
    {
        if (Positional.Length == 0 && Keywords.Length == 0 && MorePositional is null && MoreKeywords is null) return Arguments.None;
        var positional = new List<object>(Array.ConvertAll(Positional, p => p.Evaluate(frame)));
        var keywords = new Dictionary<string, object>();
        foreach (var (name, value) in Keywords)
            if (!keywords.TryAdd(name, value.Evaluate(frame))) throw new TemplateException($"keyword argument repeated: {name}");
        if (MorePositional?.Evaluate(frame) is { } more) positional.AddRange(frame.Execution.Iterate(more));
        if (MoreKeywords?.Evaluate(frame) is { } mapping)
        {
            if (mapping is not PyDict dict) throw new TemplateException($"argument after ** must be a mapping, not {TypeName.Of(mapping)}");
            foreach (var (key, value) in dict.Pairs)
            {
                if (key is not string name) throw new TemplateException("keywords must be strings");
                if (!keywords.TryAdd(name, value)) throw new TemplateException($"got multiple values for keyword argument '{name}'");
            }
        }
        return new Arguments([.. positional], keywords);
    }
}

internal sealed class CallExpression(int line, Expression function, ArgumentList arguments) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => arguments.Parts.Prepend(function);

    protected override object Compute(Frame frame) => Call(frame, null);

    /// <summary>Calls with the body of a call block as the keyword argument <c>caller</c>.</summary>
    public object Call(Frame frame, MacroFunction? caller)
    {
        object callee = function.Evaluate(frame);
        Arguments values = arguments.Evaluate(frame);
        if (caller is not null) values = values.With("caller", caller);
        frame.Execution.Line = Line;
        return Callables.Call(frame.Execution, callee, values);
    }
}

internal sealed class FilterExpression(int line, Expression operand, string name, ArgumentList arguments) : Expression(line)
{
    private readonly Filter? _filter = FilterTable.Find(name);

    protected override IEnumerable<Expression> Parts => arguments.Parts.Prepend(operand);

    protected override object Compute(Frame frame)
    {
        if (_filter is null) throw new TemplateException($"No filter named '{name}' found.");
        object value = operand.Evaluate(frame);
        frame.Execution.Charge(value is string text ? PySequence.WeightOf(text) : 1);
        return _filter(frame.Execution, value, arguments.Evaluate(frame));
    }
}

internal sealed class TestExpression(int line, Expression operand, string name, ArgumentList arguments) : Expression(line)
{
    private readonly Test? _test = TestTable.Find(name);

    protected override IEnumerable<Expression> Parts => arguments.Parts.Prepend(operand);

    protected override object Compute(Frame frame)
    {
        if (_test is null) throw new TemplateException($"No test named '{name}' found.");
        object value = operand.Evaluate(frame);
        return _test(frame.Execution, value, arguments.Evaluate(frame));
    }
}
