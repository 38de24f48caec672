namespace Steering.Engine.Templates;

/// <summary>The left side of an assignment: a name, a namespace's attribute, or a tuple of them.</summary>
internal abstract class AssignTarget
{
    /// <summary>Enters the names; as parameters where the frame receives them from outside (a loop's target).</summary>
    public abstract void Declare(Symbols symbols, bool asParameter = false);

    public abstract void Bind(Symbols symbols);

    public abstract void Assign(Frame frame, object value);

    /// <summary>Fails where an attribute is to be set on something else than a namespace; the reference checks this before it evaluates the value.</summary>
    public virtual void Check(Frame frame) { }
}

internal sealed class NameTarget(string name) : AssignTarget
{
    private int _hops;
    private int _slot;

    public override void Declare(Symbols symbols, bool asParameter = false)
    {
        if (asParameter) symbols.DeclareParameter(name);
        else symbols.Store(name);
    }

    public override void Bind(Symbols symbols)
    {
        Reference reference = symbols.Find(name)!.Value;
        (_hops, _slot) = (symbols.Level - reference.Level, reference.Slot);
    }

    public override void Assign(Frame frame, object value) => frame.Up(_hops).Slots[_slot] = value;
}

internal sealed class NamespaceTarget(string name, string attribute) : AssignTarget
{
    private readonly NameExpression _namespace = new(0, name);

    public override void Declare(Symbols symbols, bool asParameter = false) => _namespace.Declare(symbols);

    public override void Bind(Symbols symbols) => _namespace.Bind(symbols);

    public override void Check(Frame frame)
    {
        if (_namespace.Evaluate(frame) is not Namespace) throw new TemplateException("cannot assign attribute on non-namespace object");
    }

    public override void Assign(Frame frame, object value) => ((Namespace)_namespace.Evaluate(frame)).Attributes[attribute] = value;
}

internal sealed class TupleTarget(AssignTarget[] targets, int line) : AssignTarget
{
    public override void Declare(Symbols symbols, bool asParameter = false)
    {
        foreach (AssignTarget target in targets) target.Declare(symbols, asParameter);
    }

    public override void Bind(Symbols symbols)
    {
        foreach (AssignTarget target in targets) target.Bind(symbols);
    }

    public override void Check(Frame frame)
    {
        foreach (AssignTarget target in targets) target.Check(frame);
    }

    public override void Assign(Frame frame, object value)
    {
        frame.Execution.Line = line;
        var values = new List<object>(targets.Length);
        if (!Iteration.TryIterate(value, out IEnumerable<object>? items))
            throw new TemplateException($"cannot unpack non-iterable {TypeName.Of(value)} object");
        foreach (object item in items)
        {
            if (values.Count == targets.Length) throw new TemplateException($"too many values to unpack (expected {targets.Length})");
            values.Add(item);
        }
        if (values.Count < targets.Length)
            throw new TemplateException($"not enough values to unpack (expected {targets.Length}, got {values.Count})");
        for (int i = 0; i < targets.Length; i++) targets[i].Assign(frame, values[i]);
    }
}
