namespace Steering.Engine.Loading;

/// <summary>A model's file that cannot be used: not what it claims to be, contradictory, or of a kind this engine does not read.</summary>
public sealed class ModelFormatException(string file, string field, string message, Exception? inner = null)
    : Exception($"{file}: {field}: {message}", inner)
{
    /// <summary>The file, as the caller named it.</summary>
    public string File => file;

    /// <summary>The field at fault, as a path from the file's root.</summary>
    public string Field => @field;
}
