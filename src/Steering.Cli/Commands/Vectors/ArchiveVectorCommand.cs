using System.CommandLine;
using System.Globalization;
using Steering.Cli.Api;
using Steering.Cli.Recipes;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands.Vectors;

/// <summary><c>steer vectors archive</c>.</summary>
internal static class ArchiveVectorCommand
{
    public static Command Create(VectorCommandParts parts)
    {
        var reference = VectorCommandParts.Reference("The vector, or one version of it: name@number.");
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command("archive", "Ends the serving of a version, or of a whole vector with its aliases; what was archived is kept.") { reference, yes };
        parts.Json.AddTo(command);
        parts.SetAction(command, async (line, store, cancellation) =>
        {
            var vector = line.GetRequiredValue(reference);
            if (vector is { Selector: not null, Version: null }) throw new UsageException($"{vector}: a version is archived by its number; steer vectors show {vector} shows it.");
            if (!line.GetValue(yes)) await AskAsync(parts.Terminal, vector, cancellation);
            var archived = await store.ArchiveAsync(vector.Name, vector.Version, cancellation);
            parts.Json.Write(line, parts.Terminal, archived, shown => Write(parts.Terminal, shown));
        });
        return command;
    }

    private static async Task AskAsync(Terminal terminal, VectorReference vector, CancellationToken cancellation)
    {
        if (!terminal.InputIsTerminal) throw new UsageException("archive asks first, and there is nobody to ask: add --yes.");
        terminal.Error.Write(vector.Version is null ? $"Archive every version of {vector} and remove its aliases? [y/N] " : $"Archive {vector}? [y/N] ");
        string? answer = await new InputLines(terminal.In).NextAsync(cancellation);
        if (answer?.Trim().ToUpperInvariant() is not ("Y" or "YES")) throw new RefusalException("nothing was archived.");
    }

    private static void Write(Terminal terminal, ArchivedVector archived)
    {
        string versions = string.Join(", ", (archived.Versions ?? []).Select(version => version.ToString(CultureInfo.InvariantCulture)));
        string aliases = archived.Aliases is { Count: > 0 } removed ? $"; removed aliases: {string.Join(", ", removed)}" : "";
        terminal.Out.WriteLine(TerminalText.Escape($"Archived {archived.Name}: version {versions}{aliases}."));
        terminal.Out.WriteLine("Uploading the same content again brings a version back.");
    }
}
