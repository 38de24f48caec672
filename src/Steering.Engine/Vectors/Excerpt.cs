namespace Steering.Engine.Vectors;

/// <summary>Text of a file as messages show it.</summary>
internal static class Excerpt
{
    private const int Length = 100;

    public static string Of(string text) => text.Length <= Length ? text : text[..Length] + "…";
}
