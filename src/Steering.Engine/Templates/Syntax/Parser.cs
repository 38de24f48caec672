namespace Steering.Engine.Templates;

/// <summary>
/// Recursive descent over the tokens by the grammar of jinja2.parser: statements here, expressions and assignment targets in the other parts.
/// </summary>
internal sealed partial class Parser(List<Token> tokens)
{
    private int _next;
    private int _depth;

    // Loops around the statement at hand that break and continue can reach; macros and call blocks start anew.
    private int _loops;

    // Unknown filters and tests: inside an if they fail when they run, as in the reference; elsewhere the template does not parse.
    private readonly List<TemplateException> _unknown = [];

    // Names read inside each macro being parsed: a macro takes caller, kwargs and varargs only if it mentions them.
    private readonly Stack<HashSet<string>> _macroNames = new();

    private Token Current => tokens[_next];

    public static Body Parse(string source)
    {
        var parser = new Parser(Lexer.Tokenize(source));
        Body body = parser.ParseBody([]);
        return parser._unknown is [var first, ..] ? throw first : body;
    }

    /// <summary>Statements up to a block that begins with one of <paramref name="ends"/>; the name of that block is then the current token.</summary>
    private Body ParseBody(string[] ends)
    {
        var statements = new List<Statement>();
        while (Current.Kind != TokenKind.End)
        {
            Token token = Take();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    statements.Add(new TextOutput(token.Line, token.Text));
                    break;
                case TokenKind.VariableBegin:
                    statements.Add(new ExpressionOutput(token.Line, ParseTuple()));
                    Expect(TokenKind.VariableEnd);
                    break;
                default:
                    if (Current.Kind == TokenKind.Name && ends.Contains(Current.Text)) return new Body([.. statements]);
                    statements.Add(Nested(ParseStatement));
                    Expect(TokenKind.BlockEnd);
                    break;
            }
        }
        if (ends.Length > 0) throw Error($"unexpected end of template: expected {string.Join(" or ", ends)}");
        return new Body([.. statements]);
    }

    private Statement ParseStatement()
    {
        Token tag = Expect(TokenKind.Name);
        return tag.Text switch
        {
            "set" => ParseSet(tag.Line),
            "if" => ParseIf(tag.Line),
            "for" => ParseFor(tag.Line),
            "macro" => ParseMacro(tag.Line),
            "call" => ParseCallBlock(tag.Line),
            "filter" => ParseFilterBlock(tag.Line),
            "with" => ParseWith(tag.Line),
            "print" => ParsePrint(tag.Line),
            "generation" => new ScopedBlock(tag.Line, OutsideLoops(() => ParseBlock("endgeneration"))),
            "break" => new LoopControl(tag.Line, InLoop(tag) ? Flow.Break : Flow.Next),
            "continue" => new LoopControl(tag.Line, InLoop(tag) ? Flow.Continue : Flow.Next),
            "extends" or "include" or "import" or "from" or "block" or "autoescape" =>
                throw Error($"the tag '{tag.Text}' is not supported in chat templates", tag.Line),
            _ => throw Error($"encountered unknown tag '{tag.Text}'", tag.Line),
        };
    }

    private bool InLoop(Token tag) => _loops > 0 ? true : throw Error($"'{tag.Text}' outside a loop", tag.Line);

    private T OutsideLoops<T>(Func<T> parse)
    {
        (int loops, _loops) = (_loops, 0);
        T result = parse();
        _loops = loops;
        return result;
    }

    /// <summary>The rest of an opening tag, statements, and the name of the closing tag, which is taken.</summary>
    private Body ParseBlock(params string[] ends) => ParseBlock(out _, ends);

    private Body ParseBlock(out string end, params string[] ends)
    {
        TakeIf(":");
        Expect(TokenKind.BlockEnd);
        Body body = ParseBody(ends);
        end = Take().Text;
        return body;
    }

    private Statement ParseSet(int line)
    {
        AssignTarget target = ParseTarget(allowNamespace: true);
        if (TakeIf("=")) return new Assignment(line, target, ParseTuple());
        Expression? filters = Current.Is(TokenKind.Operator, "|") ? ParseFilters(Capture.Placeholder(line)) : null;
        return new BlockAssignment(line, target, filters, ParseBlock("endset"));
    }

    private ForLoop ParseFor(int line)
    {
        _loops++;
        AssignTarget target = ParseTarget(allowNamespace: false, endName: "in");
        _loops--;
        ExpectName("in");
        Expression items = ParseTuple(allowConditional: false, endName: "recursive");
        Expression? test = TakeIfName("if") ? ParseExpression() : null;
        bool recursive = TakeIfName("recursive");
        _loops++;
        Body body = ParseBlock(out string end, "endfor", "else");
        _loops--;
        Body? otherwise = end == "else" ? ParseBlock("endfor") : null;
        return new ForLoop(line, target, items, test, body, otherwise, recursive);
    }

    private IfStatement ParseIf(int line)
    {
        int unknown = _unknown.Count;
        var branches = new List<(Expression Test, Body Body)>();
        Body? otherwise = null;
        string end;
        do
        {
            Expression test = ParseTuple(allowConditional: false);
            branches.Add((test, ParseBlock(out end, "elif", "else", "endif")));
        }
        while (end == "elif");
        if (end == "else") otherwise = ParseBlock("endif");
        ForgetUnknown(unknown);
        return new IfStatement(line, [.. branches], otherwise);
    }

    private void ForgetUnknown(int keep) => _unknown.RemoveRange(keep, _unknown.Count - keep);

    private WithBlock ParseWith(int line)
    {
        var targets = new List<AssignTarget>();
        var values = new List<Expression>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (targets.Count > 0) Expect(",");
            targets.Add(ParseTarget(allowNamespace: false));
            Expect("=");
            values.Add(ParseExpression());
        }
        return new WithBlock(line, [.. targets], [.. values], ParseBlock("endwith"));
    }

    private PrintStatement ParsePrint(int line)
    {
        var values = new List<Expression>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0) Expect(",");
            values.Add(ParseExpression());
        }
        return new PrintStatement(line, [.. values]);
    }

    private FilterBlock ParseFilterBlock(int line)
    {
        Expression filters = ParseFilters(Capture.Placeholder(line), startsWithName: true);
        return new FilterBlock(line, filters, ParseBlock("endfilter"));
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = Expect(TokenKind.Name).Text;
        return new MacroStatement(line, name, ParseMacroBody(name, "endmacro"));
    }

    private CallBlock ParseCallBlock(int line)
    {
        var definition = new List<(string Name, Expression? Default)>();
        if (Current.Is(TokenKind.Operator, "(")) definition = ParseSignature();
        if (ParseExpression() is not CallExpression call) throw Error("expected call", line);
        return new CallBlock(line, call, ParseMacroBody(null, "endcall", definition));
    }

    private MacroDefinition ParseMacroBody(string? name, string end, List<(string Name, Expression? Default)>? parameters = null)
    {
        _macroNames.Push([]);
        parameters ??= ParseSignature();
        Body body = OutsideLoops(() => ParseBlock(end));
        HashSet<string> names = _macroNames.Pop();
        if (_macroNames.TryPeek(out HashSet<string>? outer)) outer.UnionWith(names);
        return new MacroDefinition(name, [.. parameters], body, names);
    }

    private List<(string Name, Expression? Default)> ParseSignature()
    {
        var parameters = new List<(string Name, Expression? Default)>();
        Expect("(");
        while (!Current.Is(TokenKind.Operator, ")"))
        {
            if (parameters.Count > 0) Expect(",");
            string name = Expect(TokenKind.Name).Text;
            if (TakeIf("=")) parameters.Add((name, ParseExpression()));
            else if (parameters.Exists(p => p.Default is not null)) throw Error("non-default argument follows default argument");
            else parameters.Add((name, null));
        }
        Expect(")");
        return parameters;
    }
}
