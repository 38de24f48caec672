namespace Steering.Engine.Templates;

/// <summary>
/// A chat template: Jinja as Hugging Face transformers sets it up (immutable sandbox, trim_blocks, lstrip_blocks, loop controls, its own tojson,
/// raise_exception, strftime_now and the generation tag). Parsed once; immutable, so any number of threads may render it at once.
/// </summary>
public sealed class ChatTemplate
{
    private readonly Body _body;
    private readonly FrameLayout _layout;
    private readonly IReadOnlySet<string> _variables;
    private readonly TemplateLimits _limits;

    private ChatTemplate(string name, Body body, TemplateLimits limits)
    {
        var symbols = new Symbols(null);
        body.Declare(symbols);
        _layout = symbols.ToLayout();
        body.Bind(symbols);
        (Name, _body, _variables, _limits) = (name, body, symbols.Resolved, limits);
    }

    /// <summary>What the template is called in errors.</summary>
    public string Name { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="jinja">The template's text.</param>
    /// <param name="nameForErrors">What to call it in errors, such as its file.</param>
    /// <param name="limits">Bounds of each rendering; null takes <see cref="TemplateLimits.Default"/>.</param>
    /// <exception cref="TemplateException">The text is no template, or uses what chat templates cannot (include, import, blocks); names the line.</exception>
    public static ChatTemplate Parse(string jinja, string nameForErrors, TemplateLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(jinja);
        try
        {
            return new ChatTemplate(nameForErrors, Parser.Parse(jinja), limits ?? TemplateLimits.Default);
        }
        catch (TemplateException e)
        {
            throw new TemplateException($"{nameForErrors}: {e.Message}", e.Line ?? 0, inner: e);
        }
    }

    /// <summary>Renders a conversation, as <c>apply_chat_template(tokenize=False)</c> does.</summary>
    /// <exception cref="TemplateException">
    /// The template refuses the input (<see cref="TemplateException.IsRaised"/>, the message is the template's own), fails, or exceeds a limit.
    /// </exception>
    public string Render(TemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var execution = new Execution(Variables(input), input.Clock, _limits);
        try
        {
            _body.Execute(new Frame(execution, null, _layout));
            return execution.Output;
        }
        catch (TemplateException e) when (!e.IsRaised)
        {
            throw new TemplateException($"{Name}: line {execution.Line}: {e.Message}", execution.Line, inner: e);
        }
    }

    /// <summary>Whether the template reads a variable from its input anywhere; one that it sets before it reads it does not count.</summary>
    public bool UsesVariable(string name) => _variables.Contains(name);

    private Dictionary<string, object> Variables(TemplateInput input)
    {
        var variables = new Dictionary<string, object>();
        foreach (var (name, token) in input.SpecialTokens) variables[name] = token;
        try
        {
            foreach (var (name, value) in input.Extra ?? []) variables[name] = JsonValues.From(value);
            variables["messages"] = JsonValues.From(input.Messages);
            variables["tools"] = JsonValues.From(input.Tools);
            variables["documents"] = JsonValues.From(input.Documents);
        }
        catch (TemplateException e)
        {
            throw new TemplateException($"{Name}: the input cannot be read: {e.Message}", e);
        }
        variables["add_generation_prompt"] = input.AddGenerationPrompt;
        return variables;
    }
}
