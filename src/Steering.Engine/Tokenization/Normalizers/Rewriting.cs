namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>A character of a rewritten text: it takes the place of 1 - Change characters of the input if Change &lt;= 0, and of none if it was put in.</summary>
internal readonly record struct RewrittenCharacter(int CodePoint, int Change);

internal static class Rewriting
{
    /// <summary>
    /// Appends a text rewritten, aligned as in the original: a character with the first of those whose place it takes, one that was put in with the character before it.
    /// </summary>
    public static void Write(List<RewrittenCharacter> characters, AlignedText input, int start, int end, AlignedText output)
    {
        int at = start;
        foreach (var (codePoint, change) in characters)
        {
            if (change > 0) output.Add(codePoint, input.Sources[Math.Max(at - 1, start)]);
            else
            {
                output.Add(codePoint, input.Sources[Math.Min(at, end - 1)]);
                at = Math.Min(at + 1 - change, end);
            }
        }
    }
}
