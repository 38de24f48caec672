using Steering.Engine.Tokenization.Regex;

namespace Steering.Engine.Tokenization.Reading;

/// <summary>Reads <c>{"Regex": ".."}</c> and <c>{"String": ".."}</c>.</summary>
internal static class PatternReader
{
    public static CompiledRegex Read(JsonField field)
    {
        if (field.Find("String") is { } literal) return CompiledRegex.Literal(literal.Text());
        var regex = field.Find("Regex") ?? throw field.Fail("neither 'String' nor 'Regex' is there");
        try
        {
            return CompiledRegex.Parse(regex.Text());
        }
        catch (FormatException e)
        {
            throw regex.Fail(e.Message, e);
        }
    }
}
