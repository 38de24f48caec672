namespace Steering.Engine.Templates;

/// <summary><c>{% set target = value %}</c></summary>
internal sealed class Assignment(int line, AssignTarget target, Expression value) : Statement(line)
{
    public override void Declare(Symbols symbols)
    {
        value.Declare(symbols);
        target.Declare(symbols);
    }

    public override void Bind(Symbols symbols)
    {
        value.Bind(symbols);
        target.Bind(symbols);
    }

    public override Flow Execute(Frame frame)
    {
        target.Check(frame);
        target.Assign(frame, value.Evaluate(frame));
        return Flow.Next;
    }
}

/// <summary>Statements whose output is a value: run in a frame of their own, the text in a hidden variable that filters start from.</summary>
internal sealed class Capture(Body body, Expression? filters)
{
    // No name of a template contains a space.
    private const string HiddenName = "captured text";

    private FrameLayout? _layout;
    private int _slot;

    /// <summary>The expression that a chain of filters over captured text starts from.</summary>
    public static Expression Placeholder(int line) => new NameExpression(line, HiddenName);

    public void Bind(Symbols outer)
    {
        var symbols = new Symbols(outer);
        symbols.DeclareParameter(HiddenName);
        body.Declare(symbols);
        filters?.Declare(symbols);
        _layout = symbols.ToLayout();
        _slot = symbols.Find(HiddenName)!.Value.Slot;
        body.Bind(symbols);
        filters?.Bind(symbols);
    }

    public (object Value, Flow Flow) Run(Frame frame)
    {
        var inner = new Frame(frame.Execution, frame, _layout!);
        Flow flow = Flow.Next;
        string text = frame.Execution.Capture(() => flow = body.Execute(inner));
        if (flow != Flow.Next) return (text, flow);
        inner.Slots[_slot] = text;
        return (filters?.Evaluate(inner) ?? text, Flow.Next);
    }
}

/// <summary><c>{% set target %}...{% endset %}</c></summary>
internal sealed class BlockAssignment(int line, AssignTarget target, Expression? filters, Body body) : Statement(line)
{
    private readonly Capture _capture = new(body, filters);

    public override void Declare(Symbols symbols) => target.Declare(symbols);

    public override void Bind(Symbols symbols)
    {
        target.Bind(symbols);
        _capture.Bind(symbols);
    }

    public override Flow Execute(Frame frame)
    {
        target.Check(frame);
        (object value, Flow flow) = _capture.Run(frame);
        if (flow == Flow.Next) target.Assign(frame, value);
        return flow;
    }
}

/// <summary><c>{% filter name %}...{% endfilter %}</c></summary>
internal sealed class FilterBlock(int line, Expression filters, Body body) : Statement(line)
{
    private readonly Capture _capture = new(body, filters);

    public override void Declare(Symbols symbols) { }

    public override void Bind(Symbols symbols) => _capture.Bind(symbols);

    public override Flow Execute(Frame frame)
    {
        (object value, Flow flow) = _capture.Run(frame);
        if (flow == Flow.Next) frame.Execution.Write(Text.Of(frame.Execution, value));
        return flow;
    }
}

/// <summary>Statements in a frame of their own: <c>{% generation %}</c>, which marks what the assistant says for training and prints its body.</summary>
internal sealed class ScopedBlock(int line, Body body) : Statement(line)
{
    private FrameLayout? _layout;

    public override void Declare(Symbols symbols) { }

    public override void Bind(Symbols symbols)
    {
        var inner = new Symbols(symbols);
        body.Declare(inner);
        _layout = inner.ToLayout();
        body.Bind(inner);
    }

    public override Flow Execute(Frame frame) => body.Execute(new Frame(frame.Execution, frame, _layout!));
}

/// <summary><c>{% with a = 1 %}...{% endwith %}</c></summary>
internal sealed class WithBlock(int line, AssignTarget[] targets, Expression[] values, Body body) : Statement(line)
{
    private FrameLayout? _layout;

    public override void Declare(Symbols symbols) => Array.ForEach(values, v => v.Declare(symbols));

    public override void Bind(Symbols symbols)
    {
        foreach (Expression value in values) value.Bind(symbols);
        var inner = new Symbols(symbols);
        foreach (AssignTarget target in targets) target.Declare(inner, asParameter: true);
        body.Declare(inner);
        _layout = inner.ToLayout();
        foreach (AssignTarget target in targets) target.Bind(inner);
        body.Bind(inner);
    }

    public override Flow Execute(Frame frame)
    {
        var inner = new Frame(frame.Execution, frame, _layout!);
        for (int i = 0; i < targets.Length; i++) targets[i].Assign(inner, values[i].Evaluate(frame));
        return body.Execute(inner);
    }
}
