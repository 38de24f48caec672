namespace Steering.Engine.Loading;

/// <summary>A file of a model or vector that is malformed or asks for something unsupported. The message reads <c>file: field: what is wrong</c>.</summary>
/// <param name="file">Path or name of the file.</param>
/// <param name="field">Which part of it: a JSON field, a tensor, or a part of the format such as <c>header length</c>.</param>
/// <param name="message">What was found and what was expected.</param>
/// <param name="inner">What a parser said, if one did.</param>
public sealed class ModelFormatException(string file, string field, string message, Exception? inner = null) : Exception($"{file}: {field}: {message}", inner)
{
    public string File { get; } = file;

    public string Field { get; } = field;

    /// <summary>What was found and what was expected, for those who say file and field in a way of their own.</summary>
    public string Reason { get; } = message;
}
