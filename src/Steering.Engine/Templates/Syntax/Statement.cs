namespace Steering.Engine.Templates;

/// <summary>How a statement ended: going on, or leaving the iteration or the loop.</summary>
internal enum Flow { Next, Continue, Break }

/// <summary>A statement of a parsed template; declared, bound and executed like an <see cref="Expression"/>.</summary>
internal abstract class Statement(int line)
{
    public int Line { get; } = line;

    /// <summary>Enters the names that belong to the surrounding frame.</summary>
    public abstract void Declare(Symbols symbols);

    /// <summary>Turns names into slots, and declares and binds the frames inside.</summary>
    public abstract void Bind(Symbols symbols);

    public abstract Flow Execute(Frame frame);
}

/// <summary>Statements in a row.</summary>
internal sealed class Body(Statement[] statements)
{
    public void Declare(Symbols symbols)
    {
        foreach (Statement statement in statements) statement.Declare(symbols);
    }

    public void Bind(Symbols symbols)
    {
        foreach (Statement statement in statements) statement.Bind(symbols);
    }

    public Flow Execute(Frame frame)
    {
        Stack.Guard();
        foreach (Statement statement in statements)
        {
            frame.Execution.Line = statement.Line;
            Flow flow = statement.Execute(frame);
            if (flow != Flow.Next) return flow;
        }
        return Flow.Next;
    }
}

internal sealed class TextOutput(int line, string text) : Statement(line)
{
    public override void Declare(Symbols symbols) { }

    public override void Bind(Symbols symbols) { }

    public override Flow Execute(Frame frame)
    {
        frame.Execution.Write(text);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c></summary>
internal sealed class ExpressionOutput(int line, Expression value) : Statement(line)
{
    public override void Declare(Symbols symbols) => value.Declare(symbols);

    public override void Bind(Symbols symbols) => value.Bind(symbols);

    public override Flow Execute(Frame frame)
    {
        frame.Execution.Write(Text.Of(frame.Execution, value.Evaluate(frame)));
        return Flow.Next;
    }
}

/// <summary><c>{% print a, b %}</c></summary>
internal sealed class PrintStatement(int line, Expression[] values) : Statement(line)
{
    public override void Declare(Symbols symbols) => Array.ForEach(values, v => v.Declare(symbols));

    public override void Bind(Symbols symbols) => Array.ForEach(values, v => v.Bind(symbols));

    public override Flow Execute(Frame frame)
    {
        foreach (Expression value in values) frame.Execution.Write(Text.Of(frame.Execution, value.Evaluate(frame)));
        return Flow.Next;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c></summary>
internal sealed class LoopControl(int line, Flow flow) : Statement(line)
{
    public override void Declare(Symbols symbols) { }

    public override void Bind(Symbols symbols) { }

    public override Flow Execute(Frame frame) => flow;
}

internal sealed class IfStatement(int line, (Expression Test, Body Body)[] branches, Body? otherwise) : Statement(line)
{
    public override void Declare(Symbols symbols)
    {
        // Three branches, present or not: the body, all elifs together (each an if of its own), the else.
        branches[0].Test.Declare(symbols);
        Symbols body = symbols.Branch();
        branches[0].Body.Declare(body);
        Symbols elifs = symbols.Branch();
        foreach (var (test, elif) in branches.AsSpan(1))
        {
            test.Declare(elifs);
            Symbols inner = elifs.Branch();
            elif.Declare(inner);
            elifs.Merge([inner]);
        }
        Symbols rest = symbols.Branch();
        otherwise?.Declare(rest);
        symbols.Merge([body, elifs, rest]);
    }

    public override void Bind(Symbols symbols)
    {
        foreach (var (test, body) in branches)
        {
            test.Bind(symbols);
            body.Bind(symbols);
        }
        otherwise?.Bind(symbols);
    }

    public override Flow Execute(Frame frame)
    {
        foreach (var (test, body) in branches)
            if (Truth.Of(test.Evaluate(frame))) return body.Execute(frame);
        return otherwise?.Execute(frame) ?? Flow.Next;
    }
}
