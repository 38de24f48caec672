namespace Steering.Engine.Templates;

internal enum TokenKind { Data, VariableBegin, VariableEnd, BlockBegin, BlockEnd, Name, String, Integer, Float, Operator, End }

/// <summary>
/// A lexical element: <paramref name="Text"/> is the template data, the name, the operator or the unescaped string; <paramref name="Value"/>
/// the number.
/// </summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Line, object? Value = null)
{
    public bool Is(TokenKind kind, string text) => Kind == kind && Text == text;

    public string Describe() => Kind switch
    {
        TokenKind.VariableEnd => "end of print statement",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.VariableBegin => "begin of print statement",
        TokenKind.BlockBegin => "begin of statement block",
        TokenKind.Data => "template data",
        TokenKind.End => "end of template",
        TokenKind.String => "string",
        _ => Text,
    };
}
