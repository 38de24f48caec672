using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace SteeringServer.Tests.Fixtures;

/// <summary>A command of a document and what it prints.</summary>
/// <param name="Script">For bash.</param>
/// <param name="Language"><c>json</c> or <c>text</c>; empty where it prints nothing.</param>
internal sealed record DocumentedExample(int Line, string Script, string Language, string Output);

/// <summary>A document whose <c>sh</c> blocks can be run, each with the block of its output behind it.</summary>
internal sealed partial class DocumentedExamples(string path)
{
    private readonly string _text = File.ReadAllText(path);

    public string Text => _text;

    /// <summary>All of them, in order.</summary>
    public ImmutableArray<DocumentedExample> All => [.. Block().Matches(_text).Select(block =>
        new DocumentedExample(_text.AsSpan(0, block.Index).Count('\n') + 1, block.Groups["script"].Value, block.Groups["language"].Value, block.Groups["output"].Value))];

    /// <summary>Puts outputs in, one for each example.</summary>
    public void Write(IReadOnlyList<string> outputs)
    {
        var text = new StringBuilder(_text);
        foreach (var (block, output) in Block().Matches(_text).Zip(outputs).Reverse())
            if (block.Groups["output"] is { Success: true } place) text.Remove(place.Index, place.Length).Insert(place.Index, output);
        File.WriteAllText(path, text.ToString());
    }

    [GeneratedRegex("^```sh\n(?<script>.*?)^```\n(?:\n^```(?<language>json|text)\n(?<output>.*?)^```\n)?", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
