namespace Steering.Engine.Templates;

/// <summary>
/// An expression of a parsed template. It is declared (its names enter the frame's symbols), bound (names become slots), then evaluated any
/// number of times.
/// </summary>
internal abstract class Expression(int line)
{
    public int Line { get; } = line;

    /// <summary>The parts, in the order they are evaluated.</summary>
    protected virtual IEnumerable<Expression> Parts => [];

    public virtual void Declare(Symbols symbols)
    {
        Stack.Guard();
        foreach (Expression part in Parts) part.Declare(symbols);
    }

    public virtual void Bind(Symbols symbols)
    {
        Stack.Guard();
        foreach (Expression part in Parts) part.Bind(symbols);
    }

    /// <summary>The value, never null: <see cref="PyNone"/> stands for None, <see cref="Undefined"/> for what does not exist.</summary>
    public object Evaluate(Frame frame)
    {
        Stack.Guard(); // a chain of operators is as deep as it is long
        return Compute(frame);
    }

    protected abstract object Compute(Frame frame);
}

internal sealed class LiteralExpression(int line, object value) : Expression(line)
{
    protected override object Compute(Frame frame) => value;
}

/// <summary>A variable that is read.</summary>
internal sealed class NameExpression(int line, string name) : Expression(line)
{
    private int _hops;
    private int _slot;

    public override void Declare(Symbols symbols) => symbols.Load(name);

    public override void Bind(Symbols symbols)
    {
        Reference reference = symbols.Find(name)!.Value;
        (_hops, _slot) = (symbols.Level - reference.Level, reference.Slot);
    }

    protected override object Compute(Frame frame) => frame.Up(_hops).Slots[_slot] ?? Undefined.Variable(name);
}

/// <summary>A list or a tuple.</summary>
internal sealed class ListExpression(int line, Expression[] items, bool isTuple) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => items;

    protected override object Compute(Frame frame)
    {
        object[] values = Array.ConvertAll(items, i => i.Evaluate(frame));
        return isTuple ? frame.Execution.Tuple(values) : frame.Execution.List(values);
    }
}

internal sealed class DictExpression(int line, (Expression Key, Expression Value)[] pairs) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => pairs.SelectMany(p => new[] { p.Key, p.Value });

    protected override object Compute(Frame frame)
    {
        var dict = new DictBuilder();
        foreach (var (key, value) in pairs)
        {
            object name = key.Evaluate(frame);
            frame.Execution.Charge(PySequence.WeightOf(name));
            dict.Set(name, value.Evaluate(frame));
        }
        return frame.Execution.Dict(dict);
    }
}

internal sealed class ConditionalExpression(int line, Expression test, Expression value, Expression? otherwise) : Expression(line)
{
    // In the reference's order of fields, which decides how names are found.
    protected override IEnumerable<Expression> Parts => otherwise is null ? [test, value] : [test, value, otherwise];

    protected override object Compute(Frame frame)
    {
        if (Truth.Of(test.Evaluate(frame))) return value.Evaluate(frame);
        return otherwise?.Evaluate(frame) ??
            Undefined.Hinted($"the inline if-expression on line {Line} evaluated to false and no else section was defined.");
    }
}

internal sealed class AttributeExpression(int line, Expression target, string name) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => [target];

    protected override object Compute(Frame frame) => Access.Attribute(target.Evaluate(frame), name);
}

internal sealed class ItemExpression(int line, Expression target, Expression key) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => [target, key];

    protected override object Compute(Frame frame)
    {
        object owner = target.Evaluate(frame);
        object item = key.Evaluate(frame);
        frame.Execution.Charge(PySequence.WeightOf(item) + (owner is string text ? text.Length / 16 : 0));
        return Access.Item(owner, item);
    }
}

/// <summary>The part between the brackets of <c>x[start:stop:step]</c>; it has no value of its own.</summary>
internal sealed class SliceKey(int line, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => new[] { start, stop, step }.OfType<Expression>();

    public (object? Start, object? Stop, object? Step) Bounds(Frame frame) => (start?.Evaluate(frame), stop?.Evaluate(frame), step?.Evaluate(frame));

    protected override object Compute(Frame frame) => throw new TemplateException("a slice is not a value");
}

internal sealed class SliceExpression(int line, Expression target, SliceKey key) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => [target, key];

    protected override object Compute(Frame frame)
    {
        object value = target.Evaluate(frame);
        var (start, stop, step) = key.Bounds(frame);
        return Slicing.Apply(frame.Execution, value, start, stop, step);
    }
}
