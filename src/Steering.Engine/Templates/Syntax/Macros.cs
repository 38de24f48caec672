namespace Steering.Engine.Templates;

/// <summary>The parameters and statements of a macro or of a call block's body (then <paramref name="name"/> is null).</summary>
internal sealed class MacroDefinition(string? name, (string Name, Expression? Default)[] parameters, Body body, HashSet<string> names)
{
    private static readonly string[] SpecialNames = ["caller", "kwargs", "varargs"];

    private readonly Dictionary<string, int> _special = [];
    private int[] _slots = [];

    public string? Name => name;

    public string[] ParameterNames { get; } = [.. parameters.Select(p => p.Name)];

    public FrameLayout? Layout { get; private set; }

    public bool Takes(string special) => _special.ContainsKey(special);

    public void Bind(Symbols outer)
    {
        var symbols = new Symbols(outer);
        foreach (var (parameter, _) in parameters) symbols.DeclareParameter(parameter);
        foreach (var (_, initial) in parameters) initial?.Declare(symbols);
        foreach (string special in SpecialNames)
        {
            if (!names.Contains(special) || ParameterNames.Contains(special)) continue;
            symbols.DeclareParameter(special);
            _special[special] = symbols.Find(special)!.Value.Slot;
        }
        body.Declare(symbols);
        Layout = symbols.ToLayout();
        _slots = Array.ConvertAll(ParameterNames, p => symbols.Find(p)!.Value.Slot);
        foreach (var (_, initial) in parameters) initial?.Bind(symbols);
        body.Bind(symbols);
    }

    /// <summary>Runs the body in <paramref name="frame"/>, whose outer frame is where the macro was defined; null values take their defaults.</summary>
    public string Run(Frame frame, object?[] values, IReadOnlyDictionary<string, object> special)
    {
        for (int i = 0; i < values.Length; i++) frame.Slots[_slots[i]] = values[i];
        foreach (var (key, value) in special) frame.Slots[_special[key]] = value;
        return frame.Execution.Capture(() =>
        {
            for (int i = 0; i < parameters.Length; i++)
                frame.Slots[_slots[i]] ??= parameters[i].Default?.Evaluate(frame) ?? Undefined.Hinted($"parameter '{parameters[i].Name}' was not provided");
            body.Execute(frame);
        });
    }
}

/// <summary><c>{% macro name(...) %}...{% endmacro %}</c></summary>
internal sealed class MacroStatement(int line, string name, MacroDefinition definition) : Statement(line)
{
    private readonly NameTarget _target = new(name);

    public override void Declare(Symbols symbols) => symbols.Store(name);

    public override void Bind(Symbols symbols)
    {
        _target.Bind(symbols);
        definition.Bind(symbols);
    }

    public override Flow Execute(Frame frame)
    {
        _target.Assign(frame, new MacroFunction(definition, frame));
        return Flow.Next;
    }
}

/// <summary><c>{% call macro(...) %}...{% endcall %}</c>: the body is what the macro's <c>caller()</c> prints.</summary>
internal sealed class CallBlock(int line, CallExpression call, MacroDefinition definition) : Statement(line)
{
    public override void Declare(Symbols symbols) => call.Declare(symbols);

    public override void Bind(Symbols symbols)
    {
        call.Bind(symbols);
        definition.Bind(symbols);
    }

    public override Flow Execute(Frame frame)
    {
        object result = call.Call(frame, new MacroFunction(definition, frame));
        frame.Execution.Write(Text.Of(frame.Execution, result));
        return Flow.Next;
    }
}
