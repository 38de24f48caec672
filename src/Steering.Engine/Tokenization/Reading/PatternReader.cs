using Steering.Engine.Tokenization.Regex;

namespace Steering.Engine.Tokenization.Reading;

/// <summary>Reads <c>{"Regex": ".."}</c> and <c>{"String": ".."}</c>, and what replaces them.</summary>
internal static class PatternReader
{
    // A text grows by this factor at most; real ones put in one character.
    private const int MaxContent = 64;

    /// <summary>A string that is put into texts.</summary>
    public static string ReadContent(JsonField field)
    {
        string content = field.Text();
        return content.Length <= MaxContent ? content : throw field.Fail($"{content.Length} characters to put in; supported are up to {MaxContent}");
    }

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
