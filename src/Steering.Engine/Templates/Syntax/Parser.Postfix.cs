namespace Steering.Engine.Templates;

/// <summary>What follows a value (attributes, subscripts, calls, filters, tests), assignment targets, and the token stream.</summary>
internal sealed partial class Parser
{
    private Expression ParsePostfix(Expression value)
    {
        while (Current.Kind == TokenKind.Operator)
        {
            int line = Current.Line;
            if (TakeIf(".")) value = ParseAttribute(value, line);
            else if (TakeIf("[")) value = ParseSubscript(value, line);
            else if (Current.Text == "(") value = new CallExpression(line, value, ParseArguments());
            else break;
        }
        return value;
    }

    private Expression ParseAttribute(Expression value, int line)
    {
        Token token = Take();
        return token.Kind switch
        {
            TokenKind.Name => new AttributeExpression(line, value, token.Text),
            TokenKind.Integer => new ItemExpression(line, value, new LiteralExpression(token.Line, token.Value!)),
            _ => throw Error("expected name or number", token.Line),
        };
    }

    private Expression ParseSubscript(Expression value, int line)
    {
        List<Expression> keys = ParseItems("]", ParseSubscriptKey);
        if (keys.Count == 1) return keys[0] is SliceKey slice ? new SliceExpression(line, value, slice) : new ItemExpression(line, value, keys[0]);
        if (keys.Exists(k => k is SliceKey)) throw Error("a slice cannot be part of a tuple", line);
        return new ItemExpression(line, value, new ListExpression(line, [.. keys], true));
    }

    private Expression ParseSubscriptKey()
    {
        int line = Current.Line;
        Expression? start = Current.Is(TokenKind.Operator, ":") ? null : ParseExpression();
        if (!TakeIf(":")) return start!;
        Expression? stop = AtSliceEnd() || Current.Is(TokenKind.Operator, ":") ? null : ParseExpression();
        Expression? step = TakeIf(":") && !AtSliceEnd() ? ParseExpression() : null;
        return new SliceKey(line, start, stop, step);
    }

    private bool AtSliceEnd() => Current.Kind == TokenKind.Operator && Current.Text is "]" or ",";

    private ArgumentList ParseArguments()
    {
        int line = Current.Line;
        Expect("(");
        var positional = new List<Expression>();
        var keywords = new List<(string, Expression)>();
        Expression? morePositional = null;
        Expression? moreKeywords = null;
        bool needsComma = false;
        while (!Current.Is(TokenKind.Operator, ")"))
        {
            if (needsComma)
            {
                Expect(",");
                if (Current.Is(TokenKind.Operator, ")")) break;
            }
            bool valid = moreKeywords is null;
            if (TakeIf("*"))
            {
                valid &= morePositional is null;
                morePositional = ParseExpression();
            }
            else if (TakeIf("**"))
            {
                moreKeywords = ParseExpression();
            }
            else if (Current.Kind == TokenKind.Name && tokens[_next + 1].Is(TokenKind.Operator, "="))
            {
                string name = Take().Text;
                Expect("=");
                keywords.Add((name, ParseExpression()));
            }
            else
            {
                valid &= morePositional is null && keywords.Count == 0;
                positional.Add(ParseExpression());
            }
            if (!valid) throw Error("invalid syntax for function call expression", line);
            needsComma = true;
        }
        Expect(")");
        return new ArgumentList([.. positional], [.. keywords], morePositional, moreKeywords);
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (Current.Is(TokenKind.Operator, "|")) value = ParseFilters(value);
            else if (Current.Is(TokenKind.Name, "is")) value = ParseTest(value);
            else if (Current.Is(TokenKind.Operator, "(")) value = new CallExpression(Current.Line, value, ParseArguments());
            else return value;
        }
    }

    private Expression ParseFilters(Expression value, bool startsWithName = false)
    {
        while (startsWithName || TakeIf("|"))
        {
            startsWithName = false;
            int line = Current.Line;
            string name = ParseDottedName();
            ArgumentList arguments = Current.Is(TokenKind.Operator, "(") ? ParseArguments() : ArgumentList.None;
            if (!FilterTable.Contains(name)) _unknown.Add(Error($"no filter named '{name}'", line));
            value = new FilterExpression(line, value, name, arguments);
        }
        return value;
    }

    private Expression ParseTest(Expression value)
    {
        int line = Take().Line;
        bool negated = TakeIfName("not");
        string name = ParseDottedName();
        if (!TestTable.Contains(name)) _unknown.Add(Error($"no test named '{name}'", line));
        Expression test = new TestExpression(line, value, name, ParseTestArguments());
        return negated ? new NotExpression(line, test) : test;
    }

    private ArgumentList ParseTestArguments()
    {
        if (Current.Is(TokenKind.Operator, "(")) return ParseArguments();
        bool isArgument = Current.Kind switch
        {
            TokenKind.Name => Current.Text is not ("else" or "or" or "and"),
            TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
            TokenKind.Operator => Current.Text is "[" or "{",
            _ => false,
        };
        if (!isArgument) return ArgumentList.None;
        if (Current.Is(TokenKind.Name, "is")) throw Error("you cannot chain multiple tests with is");
        return new ArgumentList([ParsePostfix(ParsePrimary())], [], null, null);
    }

    private string ParseDottedName()
    {
        string name = Expect(TokenKind.Name).Text;
        while (TakeIf(".")) name += "." + Expect(TokenKind.Name).Text;
        return name;
    }

    private AssignTarget ParseTarget(bool allowNamespace, string? endName = null)
    {
        int line = Current.Line;
        var targets = new List<AssignTarget>();
        bool isTuple = false;
        while (!AtTupleEnd(endName))
        {
            targets.Add(Nested(() => ParseSingleTarget(allowNamespace)));
            if (!TakeIf(",")) break;
            isTuple = true;
        }
        if (targets.Count == 0) throw Error($"expected a name to assign to, got '{Current.Describe()}'");
        return isTuple ? new TupleTarget([.. targets], line) : targets[0];
    }

    private AssignTarget ParseSingleTarget(bool allowNamespace)
    {
        Token token = Take();
        if (token.Is(TokenKind.Operator, "("))
        {
            AssignTarget inner = ParseTarget(allowNamespace: false);
            Expect(")");
            return inner;
        }
        if (token.Kind != TokenKind.Name || token.Text is "true" or "True" or "false" or "False" or "none" or "None")
            throw Error($"can't assign to '{token.Describe()}'", token.Line);
        if (allowNamespace && TakeIf(".")) return new NamespaceTarget(token.Text, Expect(TokenKind.Name).Text);
        if (token.Text == "loop" && _loops > 0) throw Error("can't assign to the special loop variable", token.Line);
        return new NameTarget(token.Text);
    }

    /// <summary>Counts a level of nesting around <paramref name="parse"/>: a hostile template must not exhaust the stack.</summary>
    private T Nested<T>(Func<T> parse)
    {
        Stack.Guard();
        if (++_depth > TemplateLimits.Nesting) throw Error($"nesting deeper than {TemplateLimits.Nesting} levels");
        T result = parse();
        _depth--;
        return result;
    }

    private Token Take() => Current.Kind == TokenKind.End ? throw Error("unexpected end of template") : tokens[_next++];

    private bool TakeIf(string op)
    {
        if (!Current.Is(TokenKind.Operator, op)) return false;
        _next++;
        return true;
    }

    private bool TakeIfName(string name)
    {
        if (!Current.Is(TokenKind.Name, name)) return false;
        _next++;
        return true;
    }

    private Token Expect(TokenKind kind) => Current.Kind == kind ? tokens[_next++] : throw Error(
        $"expected {new Token(kind, kind == TokenKind.Name ? "a name" : "", 0).Describe()}, got '{Current.Describe()}'");

    private void Expect(string op)
    {
        if (!TakeIf(op)) throw Error($"expected '{op}', got '{Current.Describe()}'");
    }

    private void ExpectName(string name)
    {
        if (!TakeIfName(name)) throw Error($"expected '{name}', got '{Current.Describe()}'");
    }

    private TemplateException Error(string message, int? line = null) => new($"line {line ?? Current.Line}: {message}", line ?? Current.Line);
}
