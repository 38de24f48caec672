using System.Numerics;

namespace Steering.Engine.Templates;

/// <summary>Python's arithmetic operators on numbers, and on strings and sequences where it has them.</summary>
internal static class Arithmetic
{
    public static object Sign(object value, bool negative) => value switch
    {
        double number => negative ? -number : number,
        Undefined undefined => throw undefined.Error(),
        _ when Numbers.IsInteger(value) => Numbers.Normalise(negative ? -Numbers.ToBig(value) : Numbers.ToBig(value)),
        _ => throw new TemplateException($"bad operand type for unary {(negative ? '-' : '+')}: '{TypeName.Of(value)}'"),
    };

    public static object Apply(Execution execution, string op, object left, object right)
    {
        if (left is string format && op == "%") return PercentFormat.Apply(execution, format, right);
        if (left is Undefined l) throw l.Error();
        if (right is Undefined r) throw r.Error();
        if (Numbers.IsInteger(left) && Numbers.IsInteger(right)) return Integers(op, left, right);
        if (Numbers.Is(left) && Numbers.Is(right)) return Floats(op, Numbers.ToDouble(left), Numbers.ToDouble(right));
        return op switch
        {
            "+" => Concatenate(execution, left, right),
            "*" when Numbers.IsInteger(right) => Repeat(execution, left, right) ?? throw Unsupported(op, left, right),
            "*" when Numbers.IsInteger(left) => Repeat(execution, right, left) ?? throw Unsupported(op, left, right),
            _ => throw Unsupported(op, left, right),
        };
    }

    private static object Integers(string op, object left, object right)
    {
        if (op is "+" or "-" && left is long a && right is long b)
        {
            Int128 result = op == "+" ? (Int128)a + b : (Int128)a - b;
            if (result >= long.MinValue && result <= long.MaxValue) return (long)result;
        }
        BigInteger x = Numbers.ToBig(left);
        BigInteger y = Numbers.ToBig(right);
        switch (op)
        {
            case "+": return Numbers.Normalise(x + y);
            case "-": return Numbers.Normalise(x - y);
            case "*": return Numbers.Normalise(x * y);
            case "**": return Power(x, y);
            case "/":
                if (y.IsZero) throw new TemplateException("division by zero");
                return Numbers.ToDouble(left) / Numbers.ToDouble(right);
        }
        if (y.IsZero) throw new TemplateException("integer division or modulo by zero");
        BigInteger quotient = BigInteger.DivRem(x, y, out BigInteger remainder);
        // Python rounds down: the remainder has the divisor's sign.
        if (!remainder.IsZero && remainder.Sign != y.Sign) (quotient, remainder) = (quotient - 1, remainder + y);
        return Numbers.Normalise(op == "//" ? quotient : remainder);
    }

    private static object Power(BigInteger x, BigInteger y)
    {
        if (y.Sign < 0) return Floats("**", (double)x, (double)y);
        if (BigInteger.Abs(x) <= 1) return Numbers.Normalise(y.IsEven ? BigInteger.Abs(BigInteger.Pow(x, y.IsZero ? 0 : 2)) : x);
        if (y * x.GetBitLength() > 4 * TemplateLimits.IntegerDigits + 64)
            throw new TemplateException($"an integer would have more than {TemplateLimits.IntegerDigits} digits");
        return Numbers.Normalise(BigInteger.Pow(x, (int)y));
    }

    private static double Floats(string op, double x, double y)
    {
        switch (op)
        {
            case "+": return x + y;
            case "-": return x - y;
            case "*": return x * y;
            case "**":
                if (x == 0 && y < 0) throw new TemplateException("0.0 cannot be raised to a negative power");
                if (x < 0 && double.IsFinite(x) && double.IsFinite(y) && y != Math.Floor(y)) throw new TemplateException("complex numbers are not supported");
                double power = Math.Pow(x, y);
                return double.IsInfinity(power) && double.IsFinite(x) && double.IsFinite(y)
                    ? throw new TemplateException("numerical result out of range") : power;
        }
        if (y == 0) throw new TemplateException(op == "/" ? "float division by zero" : op == "%" ? "float modulo" : "float floor division by zero");
        if (op == "/") return x / y;
        // float_divmod of CPython's floatobject.c.
        double remainder = x % y;
        double quotient = (x - remainder) / y;
        if (remainder != 0)
        {
            if (y < 0 != remainder < 0) (remainder, quotient) = (remainder + y, quotient - 1);
        }
        else
        {
            remainder = Math.CopySign(0, y);
        }
        if (op == "%") return remainder;
        if (quotient == 0) return Math.CopySign(0, x / y);
        double floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static object Concatenate(Execution execution, object left, object right)
    {
        switch (left, right)
        {
            case (string a, string b):
                execution.CheckLength((long)a.Length + b.Length);
                return a + b;
            case (PyList a, PyList b):
                execution.Charge(a.Items.Count + b.Items.Count);
                return execution.List([.. a.Items, .. b.Items]);
            case (PyTuple a, PyTuple b):
                execution.Charge(a.Items.Count + b.Items.Count);
                return execution.Tuple([.. a.Items, .. b.Items]);
            case (string or PyList or PyTuple, _):
                string type = TypeName.Of(left);
                throw new TemplateException($"can only concatenate {type} (not \"{TypeName.Of(right)}\") to {type}");
            default:
                throw Unsupported("+", left, right);
        }
    }

    private static object? Repeat(Execution execution, object value, object count)
    {
        BigInteger times = BigInteger.Max(Numbers.ToBig(count), BigInteger.Zero);
        if (value is string text)
        {
            BigInteger length = times * text.Length;
            if (length > execution.Limits.Output) throw new TemplateException($"a string would be longer than {execution.Limits.Output} characters");
            execution.Charge((long)length);
            return text.Length == 0 ? "" : new System.Text.StringBuilder().Insert(0, text, (int)times).ToString();
        }
        if (value is not PySequence sequence) return null;
        if (times * sequence.Weight > execution.Limits.Weight)
            throw new TemplateException($"a container would hold more than {execution.Limits.Weight} elements");
        var items = new List<object>();
        if (sequence.Items.Count > 0)
            for (int i = 0; i < (int)times; i++) items.AddRange(sequence.Items);
        execution.Charge(items.Count);
        return sequence is PyTuple ? execution.Tuple(items) : execution.List(items);
    }

    private static TemplateException Unsupported(string op, object left, object right) => new(
        $"unsupported operand type(s) for {(op == "**" ? "** or pow()" : op)}: '{TypeName.Of(left)}' and '{TypeName.Of(right)}'");
}
