using System.CommandLine;
using System.Text.Json.Serialization.Metadata;

namespace Steering.Cli.Commands;

/// <summary>A command that fetches one document and shows it, as it came or for a person.</summary>
internal static class ListingCommand
{
    /// <param name="path">What is fetched, relative to the server's address.</param>
    /// <param name="show">Shows the document to a person.</param>
    public static Command Create<T>(Terminal terminal, string name, string description, string path, JsonTypeInfo<T> type, Action<T> show)
    {
        var json = new JsonOption();
        var connection = new ConnectionOptions();
        var command = new Command(name, description);
        json.AddTo(command);
        connection.AddTo(command);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
            json.Write(line, terminal, await client.GetAsync(path, type, cancellation), show));
        return command;
    }
}
