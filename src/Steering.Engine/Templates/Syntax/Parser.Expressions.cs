namespace Steering.Engine.Templates;

/// <summary>Expressions, from the loosest binding to the tightest.</summary>
internal sealed partial class Parser
{
    private Expression ParseExpression(bool allowConditional = true) => Nested<Expression>(allowConditional ? ParseConditional : ParseOr);

    private Expression ParseConditional()
    {
        int line = Current.Line;
        int unknown = _unknown.Count;
        Expression value = ParseOr();
        while (TakeIfName("if"))
        {
            Expression test = ParseOr();
            Expression? otherwise = TakeIfName("else") ? Nested(ParseConditional) : null;
            value = new ConditionalExpression(line, test, value, otherwise);
            line = Current.Line;
            ForgetUnknown(unknown);
        }
        return value;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (TakeIfName("or")) left = new OrExpression(left.Line, left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (TakeIfName("and")) left = new AndExpression(left.Line, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        int line = Current.Line;
        return TakeIfName("not") ? new NotExpression(line, Nested(ParseNot)) : ParseComparison();
    }

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        var operands = new List<(Comparison, Expression)>();
        while (TakeComparison() is { } comparison) operands.Add((comparison, ParseSum()));
        return operands.Count == 0 ? first : new ComparisonExpression(first.Line, first, [.. operands]);
    }

    private Comparison? TakeComparison()
    {
        Token token = Current;
        Comparison? found = token.Kind == TokenKind.Operator
            ? token.Text switch
            {
                "==" => Comparison.Equal,
                "!=" => Comparison.NotEqual,
                "<" => Comparison.Less,
                "<=" => Comparison.LessOrEqual,
                ">" => Comparison.Greater,
                ">=" => Comparison.GreaterOrEqual,
                _ => null,
            }
            : null;
        if (found is not null) _next++;
        else if (TakeIfName("in")) found = Comparison.In;
        else if (token.Is(TokenKind.Name, "not") && tokens[_next + 1].Is(TokenKind.Name, "in"))
        {
            _next += 2;
            found = Comparison.NotIn;
        }
        return found;
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (Current.Kind == TokenKind.Operator && Current.Text is "+" or "-")
            left = new ArithmeticExpression(left.Line, Take().Text, left, ParseConcatenation());
        return left;
    }

    private Expression ParseConcatenation()
    {
        Expression first = ParseProduct();
        if (!Current.Is(TokenKind.Operator, "~")) return first;
        var parts = new List<Expression> { first };
        while (TakeIf("~")) parts.Add(ParseProduct());
        return new ConcatenationExpression(first.Line, [.. parts]);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (Current.Kind == TokenKind.Operator && Current.Text is "*" or "/" or "//" or "%")
            left = new ArithmeticExpression(left.Line, Take().Text, left, ParsePower());
        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary();
        while (Current.Is(TokenKind.Operator, "**")) left = new ArithmeticExpression(left.Line, Take().Text, left, ParseUnary());
        return left;
    }

    private Expression ParseUnary(bool withFilters = true)
    {
        int line = Current.Line;
        Expression value;
        if (TakeIf("-")) value = new SignExpression(line, true, Nested(() => ParseUnary(false)));
        else if (TakeIf("+")) value = new SignExpression(line, false, Nested(() => ParseUnary(false)));
        else value = ParsePrimary();
        value = ParsePostfix(value);
        return withFilters ? ParseFiltersAndTests(value) : value;
    }

    private Expression ParsePrimary()
    {
        Token token = Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return ParseName(token);
            case TokenKind.String:
                string text = token.Text;
                while (Current.Kind == TokenKind.String) text += Take().Text;
                return new LiteralExpression(token.Line, text);
            case TokenKind.Integer or TokenKind.Float:
                return new LiteralExpression(token.Line, token.Value!);
            case TokenKind.Operator when token.Text == "(":
                Expression inner = ParseTuple(allowEmpty: true);
                Expect(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return new ListExpression(token.Line, [.. ParseItems("]", () => ParseExpression())], false);
            case TokenKind.Operator when token.Text == "{":
                return new DictExpression(token.Line, [.. ParseItems("}", ParsePair)]);
            default:
                throw Error($"unexpected '{token.Describe()}'", token.Line);
        }
    }

    private Expression ParseName(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True":
                return new LiteralExpression(token.Line, true);
            case "false" or "False":
                return new LiteralExpression(token.Line, false);
            case "none" or "None":
                return new LiteralExpression(token.Line, PyNone.Value);
            default:
                if (_macroNames.TryPeek(out HashSet<string>? names)) names.Add(token.Text);
                return new NameExpression(token.Line, token.Text);
        }
    }

    private (Expression, Expression) ParsePair()
    {
        Expression key = ParseExpression();
        Expect(":");
        return (key, ParseExpression());
    }

    private List<T> ParseItems<T>(string end, Func<T> parse)
    {
        var items = new List<T>();
        while (!Current.Is(TokenKind.Operator, end))
        {
            if (items.Count > 0)
            {
                Expect(",");
                if (Current.Is(TokenKind.Operator, end)) break;
            }
            items.Add(parse());
        }
        Expect(end);
        return items;
    }

    /// <summary>An expression, or a tuple where a comma follows one. A tuple needs no parentheses, and may end with a comma.</summary>
    private Expression ParseTuple(bool allowConditional = true, bool allowEmpty = false, string? endName = null)
    {
        int line = Current.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (!AtTupleEnd(endName))
        {
            items.Add(ParseExpression(allowConditional));
            if (!TakeIf(",")) break;
            isTuple = true;
        }
        if (!isTuple && items.Count == 1) return items[0];
        if (items.Count == 0 && !allowEmpty) throw Error($"expected an expression, got '{Current.Describe()}'");
        return new ListExpression(line, [.. items], true);
    }

    private bool AtTupleEnd(string? endName) =>
        Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || Current.Is(TokenKind.Operator, ")") ||
        (endName is not null && Current.Is(TokenKind.Name, endName));
}
