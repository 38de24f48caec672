using System.CommandLine;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands.Vectors;

/// <summary><c>steer vectors show</c>.</summary>
internal static class ShowVectorCommand
{
    public static Command Create(VectorCommandParts parts)
    {
        var reference = VectorCommandParts.Reference("name[@version], where a version is a number, an alias or sha256:hash; prod without one.");
        var command = new Command("show", "Shows a version: its tensors and their norms, its metadata, and what its import translated.") { reference };
        parts.Json.AddTo(command);
        parts.SetAction(command, async (line, store, cancellation) =>
        {
            var asked = line.GetRequiredValue(reference);
            var vector = await store.FindAsync(asked, cancellation);
            // What --json prints is one document; the report has a route of its own.
            var report = vector.Value.Version is { } version && !parts.Json.IsGiven(line) ? await store.ReportAsync(asked.Name, version, cancellation) : null;
            parts.Json.Write(line, parts.Terminal, vector, shown => VectorView.Write(parts.Terminal, shown, report));
        });
        return command;
    }
}
