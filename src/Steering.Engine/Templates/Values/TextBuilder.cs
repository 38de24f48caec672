using System.Text;

namespace Steering.Engine.Templates;

/// <summary>A string being made, within the limit of its length.</summary>
internal sealed class TextBuilder(Execution? execution)
{
    private readonly StringBuilder _text = new();

    public int Length => _text.Length;

    public TextBuilder Append(string part)
    {
        int limit = (execution?.Limits ?? TemplateLimits.Default).Output;
        if (_text.Length + part.Length > limit) throw new TemplateException($"a string would be longer than {limit} characters");
        execution?.Charge(part.Length);
        _text.Append(part);
        return this;
    }

    public override string ToString() => _text.ToString();
}
