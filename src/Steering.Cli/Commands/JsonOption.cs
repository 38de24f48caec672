using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary>The option that prints a document as it came instead of showing it to a person.</summary>
internal sealed class JsonOption
{
    private readonly Option<bool> _json = new("--json") { Description = "Print the server's response as it came." };

    public void AddTo(Command command) => command.Add(_json);

    public bool IsGiven(ParseResult line) => line.GetValue(_json);

    /// <param name="show">Shows the document to a person.</param>
    public void Write<T>(ParseResult line, Terminal terminal, Document<T> document, Action<T> show)
    {
        if (IsGiven(line)) terminal.Out.WriteLine(TerminalText.For(terminal, document.Json));
        else show(document.Value);
    }
}
