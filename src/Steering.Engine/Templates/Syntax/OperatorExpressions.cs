namespace Steering.Engine.Templates;

internal sealed class OrExpression(int line, Expression left, Expression right) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => [left, right];

    protected override object Compute(Frame frame)
    {
        object value = left.Evaluate(frame);
        return Truth.Of(value) ? value : right.Evaluate(frame);
    }
}

internal sealed class AndExpression(int line, Expression left, Expression right) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => [left, right];

    protected override object Compute(Frame frame)
    {
        object value = left.Evaluate(frame);
        return Truth.Of(value) ? right.Evaluate(frame) : value;
    }
}

internal sealed class NotExpression(int line, Expression operand) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => [operand];

    protected override object Compute(Frame frame) => !Truth.Of(operand.Evaluate(frame));
}

internal sealed class SignExpression(int line, bool negative, Expression operand) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => [operand];

    protected override object Compute(Frame frame) => Arithmetic.Sign(operand.Evaluate(frame), negative);
}

/// <summary><c>+ - * / // % **</c></summary>
internal sealed class ArithmeticExpression(int line, string op, Expression left, Expression right) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => [left, right];

    protected override object Compute(Frame frame) => Arithmetic.Apply(frame.Execution, op, left.Evaluate(frame), right.Evaluate(frame));
}

/// <summary><c>a ~ b ~ c</c>: the texts of all values, joined.</summary>
internal sealed class ConcatenationExpression(int line, Expression[] parts) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => parts;

    protected override object Compute(Frame frame)
    {
        var text = new TextBuilder(frame.Execution);
        foreach (Expression part in parts) text.Append(Text.Of(frame.Execution, part.Evaluate(frame)));
        return text.ToString();
    }
}

internal enum Comparison { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, In, NotIn }

/// <summary>A chain of comparisons: each holds between neighbours, and the first that fails ends it.</summary>
internal sealed class ComparisonExpression(int line, Expression first, (Comparison Operator, Expression Operand)[] rest) : Expression(line)
{
    protected override IEnumerable<Expression> Parts => rest.Select(r => r.Operand).Prepend(first);

    protected override object Compute(Frame frame)
    {
        object left = first.Evaluate(frame);
        foreach (var (comparison, operand) in rest)
        {
            object right = operand.Evaluate(frame);
            if (!Comparing.Holds(frame.Execution, comparison, left, right)) return false;
            left = right;
        }
        return true;
    }
}
