namespace Steering.Engine.Templates;

/// <summary>jinja2's default Undefined: prints as nothing, is empty and false, and fails in every other use with the reason it is undefined.</summary>
internal sealed class Undefined
{
    private readonly string _message;

    private Undefined(string message) => _message = message;

    public static Undefined Variable(string name) => new($"'{name}' is undefined");

    public static Undefined Hinted(string hint) => new(hint);

    /// <summary>A missing attribute or element of a value.</summary>
    public static Undefined Member(object owner, object key)
    {
        string type = owner is PyNone ? "None" : $"{TypeName.Of(owner)} object";
        return new(key is string name ? $"'{type}' has no attribute '{name}'" : $"{type} has no element {Text.Repr(key)}");
    }

    /// <summary>An attribute that the immutable sandbox does not give out: internals of Python, and methods that change their object.</summary>
    public static Undefined Unsafe(object owner, string name) => new($"access to attribute '{name}' of '{TypeName.Of(owner)}' object is unsafe.");

    public TemplateException Error() => new(_message);
}
