namespace Steering.Engine.Templates;

/// <summary><c>{% for target in items if test recursive %}...{% else %}...{% endfor %}</c>. Every iteration has a fresh frame.</summary>
internal sealed class ForLoop(int line, AssignTarget target, Expression items, Expression? test, Body body, Body? otherwise, bool recursive) : Statement(line)
{
    private readonly ForTest? _test = test is null ? null : new ForTest(target, test);
    private FrameLayout? _bodyLayout;
    private FrameLayout? _elseLayout;
    private int _loopSlot;

    public override void Declare(Symbols symbols) => items.Declare(symbols);

    public override void Bind(Symbols symbols)
    {
        items.Bind(symbols);
        _test?.Bind(symbols);
        var inner = new Symbols(symbols);
        target.Declare(inner, asParameter: true); // first, as in the frame of the test: the target has the same slots in both
        inner.DeclareParameter("loop");
        body.Declare(inner);
        _bodyLayout = inner.ToLayout();
        _loopSlot = inner.Find("loop")!.Value.Slot;
        target.Bind(inner);
        body.Bind(inner);
        if (otherwise is null) return;
        var elseSymbols = new Symbols(symbols);
        otherwise.Declare(elseSymbols);
        _elseLayout = elseSymbols.ToLayout();
        otherwise.Bind(elseSymbols);
    }

    public override Flow Execute(Frame frame)
    {
        object iterable = items.Evaluate(frame);
        if (!recursive) return Run(frame, iterable, null, 0);
        frame.Execution.Write(RunNested(frame, iterable, 0));
        return Flow.Next;
    }

    private string RunNested(Frame frame, object iterable, int depth)
    {
        Execution execution = frame.Execution;
        execution.EnterCall();
        string text = execution.Capture(() => Run(frame, iterable, (inner, next) => RunNested(frame, inner, next), depth));
        execution.LeaveCall();
        return text;
    }

    /// <summary>The flow is that of the else part, where break and continue mean the loop outside.</summary>
    private Flow Run(Frame frame, object iterable, Func<object, int, string>? recurse, int depth)
    {
        Execution execution = frame.Execution;
        IEnumerable<object> source = execution.Iterate(iterable);
        if (_test is not null) source = _test.Filtered(frame, source);
        int? length = _test is null && Iteration.TryLength(iterable, out int known) ? known : null;
        using var loop = new LoopContext(source, length, recurse, depth);
        bool completed = false;
        while (loop.MoveNext())
        {
            var inner = new Frame(execution, frame, _bodyLayout!);
            inner.Slots[_loopSlot] = loop;
            target.Assign(inner, loop.Current);
            Flow flow = body.Execute(inner);
            if (flow == Flow.Break) break;
            // The reference notes an iteration at the end of its body: when all are left by continue, the else part runs.
            completed |= flow == Flow.Next;
        }
        return completed || otherwise is null ? Flow.Next : otherwise.Execute(new Frame(execution, frame, _elseLayout!));
    }
}

/// <summary>The condition of a loop: evaluated for an item when the loop asks for it, in a frame that knows the target only.</summary>
internal sealed class ForTest(AssignTarget target, Expression test)
{
    private readonly AssignTarget _target = target;
    private FrameLayout? _layout;

    public void Bind(Symbols outer)
    {
        var symbols = new Symbols(outer);
        _target.Declare(symbols, asParameter: true);
        test.Declare(symbols);
        _layout = symbols.ToLayout();
        _target.Bind(symbols);
        test.Bind(symbols);
    }

    public IEnumerable<object> Filtered(Frame frame, IEnumerable<object> items)
    {
        var inner = new Frame(frame.Execution, frame, _layout!);
        foreach (object item in items)
        {
            _target.Assign(inner, item);
            if (Truth.Of(test.Evaluate(inner))) yield return item;
        }
    }
}
