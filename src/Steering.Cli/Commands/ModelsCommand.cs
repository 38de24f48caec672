using System.CommandLine;
using Spectre.Console;
using Steering.Cli.Api;
using Steering.Cli.Commands.Vectors;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer models</c>: the server's models. Without a subcommand it lists them.</summary>
internal static class ModelsCommand
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    public static Command Create(Terminal terminal)
    {
        // The same objects in all of them, so that they may also stand before the subcommand.
        var (json, connection) = (new JsonOption(), new ConnectionOptions());
        var command = ListCommand(terminal, json, connection, "models", "Lists the models that --model can name; model@vector is a model steered by a promoted vector.");
        command.Add(ListCommand(terminal, json, connection, "list", "Lists the models."));
        command.Add(VerbCommand(terminal, json, connection, "load", "Loads a model that the server was configured with; one that serves is loaded again beside itself.", "ready"));
        command.Add(VerbCommand(terminal, json, connection, "unload", "Takes a model out of service when what it generates has ended.", "unloaded"));
        return command;
    }

    private static Command ListCommand(Terminal terminal, JsonOption json, ConnectionOptions connection, string name, string description)
    {
        var command = new Command(name, description);
        json.AddTo(command);
        connection.AddTo(command);
        command.Validators.Add(VectorCommandParts.RefuseMisplaced);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
            json.Write(line, terminal, await client.GetAsync("v1/models", WireJson.Default.ModelListing, cancellation), listing =>
                Listing.Write(terminal, ["model", "state", "owned by"], (listing.Data ?? []).Select(model => (string[])[model.Id, model.State ?? "", model.OwnedBy ?? ""]))));
        return command;
    }

    private static Command VerbCommand(Terminal terminal, JsonOption json, ConnectionOptions connection, string verb, string description, string wanted)
    {
        var name = new Argument<string>("name") { Description = "The model." };
        var noWait = new Option<bool>("--no-wait") { Description = "Return as soon as it has begun." };
        var command = new Command(verb, description) { name, noWait };
        json.AddTo(command);
        connection.AddTo(command);
        command.Validators.Add(VectorCommandParts.RefuseMisplaced);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
        {
            string path = $"v1/models/{Uri.EscapeDataString(line.GetRequiredValue(name))}";
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{path}:{verb}");
            var model = await client.AskAsync(request, WireJson.Default.ListedModel, cancellation);
            if (!line.GetValue(noWait)) model = await WaitAsync(terminal, client, path, model, cancellation);
            json.Write(line, terminal, model, shown => terminal.Out.WriteLine(TerminalText.Escape($"{shown.Id}: {shown.State}")));
            if (line.GetValue(noWait)) return;
            if (model.Value.Error is { } error) throw new RefusalException(error);
            if (model.Value.State != wanted) throw new RefusalException($"{model.Value.Id} is {model.Value.State}: somebody else has changed it meanwhile.");
        });
        return command;
    }

    // Until nothing goes on any more.
    private static async Task<Document<ListedModel>> WaitAsync(Terminal terminal, SteeringClient client, string path, Document<ListedModel> model, CancellationToken cancellation)
    {
        if (!terminal.CanRedraw) return await LookAsync(_ => { });
        return await terminal.Console.Status().StartAsync(model.Value.Id, status => LookAsync(now => status.Status = Describe(now)));

        async Task<Document<ListedModel>> LookAsync(Action<ListedModel> show)
        {
            while (model.Value.Loading is not null || model.Value.State is "loading" or "draining")
            {
                show(model.Value);
                await Task.Delay(BetweenLooks, cancellation);
                model = await client.GetAsync(path, WireJson.Default.ListedModel, cancellation);
            }
            return model;
        }
    }

    private static string Describe(ListedModel model) => Markup.Escape(TerminalText.Escape(
        model.Loading is { TotalBytes: > 0 } load ? $"{model.Id}: {100 * load.DoneBytes / load.TotalBytes} % of {load.TotalBytes >> 20} MiB" : $"{model.Id}: {model.State}"));
}
