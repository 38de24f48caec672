using System.CommandLine;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary>Options that say how an answer is shown.</summary>
internal sealed class AnswerOptions
{
    private readonly Option<bool> _unsteered = new("--unsteered", "-u") { Description = "Show the unsteered answer beside the steered one, with the same seed." };
    private readonly Option<bool> _receipt = new("--receipt", "-r") { Description = "After the text, show what was applied: vectors, versions, strengths, sites, tokens." };
    private readonly Option<bool> _json = new("--json") { Description = "Print the server's response as it came (with --unsteered: an object of both)." };
    private readonly Option<bool> _noStream = new("--no-stream") { Description = "Wait for the whole answer instead of showing tokens as they arrive." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_unsteered, _receipt, _json, _noStream]) command.Add(option);
    }

    public bool Unsteered(ParseResult line) => line.GetValue(_unsteered);

    public AnswerStyle Style(ParseResult line) => new(line.GetValue(_json), !line.GetValue(_noStream), line.GetValue(_receipt));
}
