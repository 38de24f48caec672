using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands.Vectors;

/// <summary><c>steer vectors promote</c>, <c>rollback</c> and <c>aliases</c>: which version a name without a number means.</summary>
internal static class AliasCommands
{
    public static Command Promote(VectorCommandParts parts)
    {
        var name = VectorCommandParts.Name();
        var version = new Argument<string>("version") { Description = "The version's number, or an alias that points at it." };
        version.Validators.Add(VectorCommandParts.RequireName);
        var alias = VectorCommandParts.Alias();
        var ifVersion = new Option<int?>("--if-version") { Description = "Only if the alias points at this version now.", HelpName = "n" };
        var command = new Command("promote", "Points an alias at a version; requests that name the vector get that version from then on.") { name, version, alias, ifVersion };
        parts.Json.AddTo(command);
        parts.SetAction(command, async (line, store, cancellation) =>
        {
            string vector = line.GetRequiredValue(name), moved = line.GetRequiredValue(alias);
            int? revision = line.GetValue(ifVersion) is { } expected ? await RevisionAtAsync(store, vector, moved, expected, cancellation) : null;
            var now = await store.PromoteAsync(vector, line.GetRequiredValue(version), moved, revision, cancellation);
            parts.Json.Write(line, parts.Terminal, now, shown => Write(parts.Terminal, shown));
        });
        return command;
    }

    public static Command Rollback(VectorCommandParts parts)
    {
        var name = VectorCommandParts.Name();
        var alias = VectorCommandParts.Alias();
        var command = new Command("rollback", "Points an alias at what it pointed at before its last change; a second rollback goes further back.") { name, alias };
        parts.Json.AddTo(command);
        parts.SetAction(command, async (line, store, cancellation) =>
        {
            var now = await store.RollBackAsync(line.GetRequiredValue(name), line.GetRequiredValue(alias), cancellation);
            parts.Json.Write(line, parts.Terminal, now, shown => Write(parts.Terminal, shown));
        });
        return command;
    }

    public static Command List(VectorCommandParts parts)
    {
        var name = VectorCommandParts.Name();
        var command = new Command("aliases", "Lists a vector's aliases and the versions they point at.") { name };
        parts.Json.AddTo(command);
        parts.SetAction(command, async (line, store, cancellation) =>
            parts.Json.Write(line, parts.Terminal, await store.AliasesAsync(line.GetRequiredValue(name), cancellation), listing => Listing.Write(
                parts.Terminal, ["alias", "version", "before", "revision", "changed"], (listing.Data ?? []).Select(alias => (string[])
                [
                    alias.Alias ?? "",
                    Plain.Text(alias.Version),
                    Plain.Text(alias.Previous),
                    Plain.Text(alias.Revision),
                    Plain.Time(alias.Changed),
                ]))));
        return command;
    }

    /// <summary>The revision to compare with: if the alias changes between this look and the promotion, the server refuses it.</summary>
    private static async Task<int?> RevisionAtAsync(VectorStore store, string vector, string alias, int expected, CancellationToken cancellation)
    {
        var now = await store.AliasAsync(vector, alias, cancellation);
        return now.Version == expected ? now.Revision
            : throw new RefusalException($"{vector}@{alias} points at version {Plain.Text(now.Version)}, not at {expected} as --if-version expects. Nothing was changed.");
    }

    private static void Write(Terminal terminal, VectorAlias now)
    {
        string name = TerminalText.Escape(now.Vector ?? ""), alias = TerminalText.Escape(now.Alias ?? "");
        terminal.Out.WriteLine($"{name}@{alias} points at version {Plain.Text(now.Version)}{(now.Previous is { } before ? $", before at version {before}" : "")}.");
        if (now.Previous is not null) terminal.Out.WriteLine($"To go back: steer vectors rollback {name}{(alias is "prod" ? "" : $" --alias {alias}")}");
    }
}
