using System.CommandLine;
using System.Globalization;
using Steering.Cli.Api;
using Steering.Cli.Commands.Vectors;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer datasets</c>: data that vectors are made from. Without a subcommand it lists them.</summary>
internal static class DatasetsCommand
{
    private const string Root = "v1/datasets";

    public static Command Create(Terminal terminal)
    {
        var (json, connection) = (new JsonOption(), new ConnectionOptions());
        var command = ListCommand(terminal, json, connection, "datasets", "Lists the datasets that the server keeps.");
        command.Add(ListCommand(terminal, json, connection, "list", "Lists the datasets."));
        command.Add(AddCommand(terminal, json, connection));
        command.Add(DeleteCommand(terminal, json, connection));
        return command;
    }

    /// <summary>The format that a file's extension says; null: none.</summary>
    public static string? FormatOf(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".JSONL" => "jsonl",
        ".CSV" => "csv",
        _ => null,
    };

    private static Command AddCommand(Terminal terminal, JsonOption json, ConnectionOptions connection)
    {
        var file = new Argument<string>("file") { Description = "JSON lines, or CSV whose first line names the columns." };
        var name = new Option<string?>("--name") { Description = "What it is to be called. Otherwise the file's name without its extension.", HelpName = "name" };
        var format = new Option<string?>("--format") { Description = "jsonl or csv. Otherwise by the file's extension, or recognised.", HelpName = "name" };
        var command = new Command("add", "Keeps a dataset on the server.") { file, name, format };
        Complete(command, json, connection);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
        {
            string path = line.GetRequiredValue(file);
            if (!File.Exists(path)) throw new UsageException($"There is no file {path}.");
            var body = new DatasetBody(line.GetValue(name) ?? Path.GetFileNameWithoutExtension(path), line.GetValue(format) ?? FormatOf(path), await File.ReadAllTextAsync(path, cancellation));
            using var request = SteeringClient.Post(Root, body, WireJson.Default.DatasetBody);
            json.Write(line, terminal, await client.AskAsync(request, WireJson.Default.StoredDataset, cancellation), kept =>
                terminal.Out.WriteLine(TerminalText.Escape($"{kept.Name}: {kept.Rows} rows with {string.Join(", ", kept.Columns ?? [])}")));
        });
        return command;
    }

    private static Command DeleteCommand(Terminal terminal, JsonOption json, ConnectionOptions connection)
    {
        var name = new Argument<string>("name") { Description = "The dataset." };
        var command = new Command("delete", "Forgets a dataset; extractions that began with it go on.") { name };
        Complete(command, json, connection);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, $"{Root}/{Uri.EscapeDataString(line.GetRequiredValue(name))}");
            json.Write(line, terminal, await client.AskAsync(request, WireJson.Default.JsonElement, cancellation), _ => terminal.Out.WriteLine(TerminalText.Escape($"{line.GetRequiredValue(name)} is forgotten.")));
        });
        return command;
    }

    private static Command ListCommand(Terminal terminal, JsonOption json, ConnectionOptions connection, string name, string description)
    {
        var command = new Command(name, description);
        Complete(command, json, connection);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
            json.Write(line, terminal, await client.GetAsync(Root, WireJson.Default.DatasetListing, cancellation), listing =>
                Listing.Write(terminal, ["name", "format", "rows", "columns", "bytes"], (listing.Data ?? []).Select(dataset => (string[])
                    [dataset.Name, dataset.Format ?? "", Text(dataset.Rows), string.Join(", ", dataset.Columns ?? []), Text(dataset.Bytes)]))));
        return command;
    }

    private static void Complete(Command command, JsonOption json, ConnectionOptions connection)
    {
        json.AddTo(command);
        connection.AddTo(command);
        command.Validators.Add(VectorCommandParts.RefuseMisplaced);
    }

    private static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}
