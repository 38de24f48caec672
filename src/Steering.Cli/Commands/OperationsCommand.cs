using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Commands.Vectors;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer operations</c>: what the server does in the background. Without a subcommand it lists them.</summary>
internal static class OperationsCommand
{
    public static Command Create(Terminal terminal)
    {
        // The same objects in all of them, so that they may also stand before the subcommand.
        var (json, connection) = (new JsonOption(), new ConnectionOptions());
        var command = ListCommand(terminal, json, connection, "operations", "Lists what the server does in the background, newest first.");
        command.Add(ListCommand(terminal, json, connection, "list", "Lists operations, newest first."));
        command.Add(VerbCommand(terminal, json, connection, "show", "Shows how far an operation is, or what came of it.", async (line, client, id, cancellation) =>
            json.Write(line, terminal, await client.GetAsync(LongRunningOperation.PathOf(id), WireJson.Default.LongRunningOperation, cancellation), shown => OperationView.Write(terminal, shown))));
        command.Add(VerbCommand(terminal, json, connection, "watch", "Follows an operation until it is done.", (line, client, id, cancellation) => FollowAsync(terminal, json, line, client, id, cancellation)));
        command.Add(VerbCommand(terminal, json, connection, "cancel", "Ends an operation.", async (line, client, id, cancellation) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{LongRunningOperation.PathOf(id)}:cancel");
            json.Write(line, terminal, await client.AskAsync(request, WireJson.Default.LongRunningOperation, cancellation), shown =>
                terminal.Out.WriteLine(TerminalText.Escape(shown.Done ? $"{shown.Id}: {shown.Metadata?.State}" : $"{shown.Id} is being cancelled.")));
        }));
        command.Add(VerbCommand(terminal, json, connection, "delete", "Forgets an operation that is done.", async (line, client, id, cancellation) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, LongRunningOperation.PathOf(id));
            json.Write(line, terminal, await client.AskAsync(request, WireJson.Default.JsonElement, cancellation), _ => terminal.Out.WriteLine(TerminalText.Escape($"{id} is forgotten.")));
        }));
        return command;
    }

    /// <summary>Follows an operation and shows what came of it.</summary>
    /// <exception cref="RefusalException">It failed, or was cancelled.</exception>
    public static async Task FollowAsync(Terminal terminal, JsonOption json, ParseResult line, SteeringClient client, string id, CancellationToken cancellation)
    {
        LongRunningOperation done;
        try
        {
            done = await OperationView.FollowAsync(terminal, client, id, cancellation);
        }
        catch (OperationCanceledException)
        {
            await terminal.Error.WriteLineAsync(TerminalText.Escape($"The server goes on: steer operations watch {id} follows it again, steer operations cancel {id} ends it."));
            throw;
        }
        if (done.Error is { } error) throw new RefusalException($"{done.Id}: {error.Message}");
        json.Write(line, terminal, await client.GetAsync(LongRunningOperation.PathOf(id), WireJson.Default.LongRunningOperation, cancellation), shown => OperationView.Write(terminal, shown));
    }

    private static Command ListCommand(Terminal terminal, JsonOption json, ConnectionOptions connection, string name, string description)
    {
        var command = new Command(name, description);
        json.AddTo(command);
        connection.AddTo(command);
        command.Validators.Add(VectorCommandParts.RefuseMisplaced);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
            json.Write(line, terminal, await client.GetAsync("v1/operations", WireJson.Default.OperationListing, cancellation), listing =>
                Listing.Write(terminal, ["id", "state", "vector", "model", "done", "begun"], (listing.Operations ?? []).Select(operation => (string[])
                [
                    operation.Id, operation.Metadata?.State ?? "", operation.Response?.Vector ?? operation.Metadata?.Vector ?? "", operation.Metadata?.Model ?? "",
                    operation.Metadata?.Fraction is { } fraction ? FormattableString.Invariant($"{fraction * 100:0} %") : "", operation.Metadata?.Created ?? "",
                ]))));
        return command;
    }

    private static Command VerbCommand(Terminal terminal, JsonOption json, ConnectionOptions connection, string verb, string description, Func<ParseResult, SteeringClient, string, CancellationToken, Task> action)
    {
        var id = new Argument<string>("id") { Description = "The operation's id, as steer operations lists it." };
        var command = new Command(verb, description) { id };
        json.AddTo(command);
        connection.AddTo(command);
        command.Validators.Add(VectorCommandParts.RefuseMisplaced);
        SteerCommand.SetAction(command, terminal, connection, (line, client, cancellation) => action(line, client, line.GetRequiredValue(id), cancellation));
        return command;
    }
}
