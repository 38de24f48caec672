using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands.Vectors;

/// <summary><c>steer vectors</c>: the store of steering vectors. Without a subcommand it lists them.</summary>
internal static class VectorsCommand
{
    public static Command Create(Terminal terminal)
    {
        var parts = new VectorCommandParts(terminal);
        var archived = new Option<bool>("--archived") { Description = "List archived versions as well." };
        var command = ListCommand(parts, archived, "vectors", "Lists the steering vectors that --steer and --vector can name, and changes which there are.");
        command.Add(ListCommand(parts, archived, "list", "Lists the steering vectors."));
        command.Add(ShowVectorCommand.Create(parts));
        command.Add(UploadVectorCommand.Create(parts));
        command.Add(AliasCommands.Promote(parts));
        command.Add(AliasCommands.Rollback(parts));
        command.Add(AliasCommands.List(parts));
        command.Add(DownloadVectorCommand.Create(parts));
        command.Add(ArchiveVectorCommand.Create(parts));
        return command;
    }

    private static Command ListCommand(VectorCommandParts parts, Option<bool> archived, string name, string description)
    {
        var command = new Command(name, description) { archived };
        parts.Json.AddTo(command);
        parts.SetAction(command, async (line, store, cancellation) =>
            parts.Json.Write(line, parts.Terminal, await store.ListAsync(line.GetValue(archived), cancellation), listing => Show(parts.Terminal, listing)));
        return command;
    }

    private static void Show(Terminal terminal, VectorListing listing) => Listing.Write(
        terminal, ["vector", "version", "aliases", "unit", "sites", "method"], (listing.Data ?? []).Select(vector => (string[])
        [
            vector.Name ?? "",
            $"{vector.Version}{(vector.Archived ? " (archived)" : "")}",
            string.Join(", ", vector.Aliases ?? []),
            vector.Unit ?? "",
            Plain.Sites(vector.Sites),
            vector.Method ?? "",
        ]));
}
