using System.CommandLine;
using Steering.Cli.Api;

namespace Steering.Cli.Commands;

/// <summary>A command that fetches one document and shows it, as it came or for a person.</summary>
internal static class ListingCommand
{
    /// <param name="path">What is fetched, relative to the server's address.</param>
    /// <param name="show">Shows the document to a person.</param>
    public static Command Create(Terminal terminal, string name, string description, string path, Action<SteeringClient, string> show)
    {
        var json = new Option<bool>("--json") { Description = "Print the server's response as it came." };
        var connection = new ConnectionOptions();
        var command = new Command(name, description) { json };
        connection.AddTo(command);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
        {
            string document = await client.GetAsync(path, cancellation);
            if (line.GetValue(json)) terminal.Out.WriteLine(terminal.OutputIsTerminal ? Rendering.TerminalText.Escape(document) : document);
            else show(client, document);
        });
        return command;
    }
}
