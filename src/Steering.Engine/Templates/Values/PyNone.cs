namespace Steering.Engine.Templates;

/// <summary>
/// Python's None. Values of templates are never null: bool, long, BigInteger, double and string stand for themselves, the rest are types of
/// this folder.
/// </summary>
internal sealed class PyNone
{
    public static PyNone Value { get; } = new();

    private PyNone() { }
}
