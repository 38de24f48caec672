namespace Steering.Engine.Templates;

/// <summary>Bounds of one rendering; a template that exceeds one fails with a <see cref="TemplateException"/> that names it.</summary>
public sealed record TemplateLimits
{
    public static TemplateLimits Default { get; } = new();

    /// <summary>Length of the rendered text, and of every string made on the way, in UTF-16 units.</summary>
    public int Output { get; init; } = 4 << 20;

    /// <summary>Iterations of all loops and filters, and calls of macros, together.</summary>
    public int Iterations { get; init; } = 1_000_000;

    /// <summary>Depth of macro and recursive loop calls.</summary>
    public int Depth { get; init; } = 64;

    /// <summary>Length of a <c>range()</c>: jinja2.sandbox.MAX_RANGE.</summary>
    public int Range { get; init; } = 100_000;

    /// <summary>Elements of a container, nested ones counted at every place they appear, so that shared parts cannot grow exponentially.</summary>
    public int Weight { get; init; } = 4_000_000;

    /// <summary>Characters and elements copied, searched or compared in all; it bounds time and memory.</summary>
    public long Work { get; init; } = 1L << 27;

    /// <summary>Decimal digits of an integer: CPython's limit for converting one to text (sys.int_info.default_max_str_digits).</summary>
    public const int IntegerDigits = 4300;

    /// <summary>Nesting of expressions and statements in a template's text.</summary>
    public const int Nesting = 200;
}
