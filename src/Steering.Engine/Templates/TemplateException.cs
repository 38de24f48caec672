namespace Steering.Engine.Templates;

/// <summary>
/// A chat template that does not parse, fails while rendering, exceeds a limit of the sandbox, or refuses its input by <c>raise_exception</c>.
/// </summary>
public sealed class TemplateException : Exception
{
    /// <summary>A failure without a place; <see cref="ChatTemplate"/> adds the template's name and the line.</summary>
    public TemplateException(string message) : base(message) { }

    public TemplateException(string message, Exception? inner) : base(message, inner) { }

    public TemplateException() : base("the template failed") { }

    internal TemplateException(string message, int line, bool isRaised = false, Exception? inner = null) : base(message, inner)
    {
        Line = line;
        IsRaised = isRaised;
    }

    /// <summary>
    /// Whether the template itself called <c>raise_exception</c>: then <see cref="Exception.Message"/> is the template's own text, meant for the
    /// caller.
    /// </summary>
    public bool IsRaised { get; }

    /// <summary>The line of the template, from 1, or null where none is known.</summary>
    public int? Line { get; }
}
