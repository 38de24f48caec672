using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Recipes;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands.Vectors;

/// <summary><c>steer vectors download</c>.</summary>
internal static class DownloadVectorCommand
{
    private const string StandardOutput = "-";

    public static Command Create(VectorCommandParts parts)
    {
        var reference = VectorCommandParts.Reference("name[@version], where a version is a number, an alias or sha256:hash; prod without one.");
        var output = new Option<string?>("--output", "-o") { Description = "File to write, or a folder to write into; - is standard output. Otherwise the server's name for it, in this folder.", HelpName = "file" };
        var format = new Option<string?>("--format") { Description = "Form to write it in; safetensors unless given." };
        format.AcceptOnlyFromAmong("safetensors", "gguf", "npz", "npy", "json");
        var force = new Option<bool>("--force") { Description = "Overwrite a file that exists." };
        var command = new Command("download", "Saves a version as a file.") { reference, output, format, force };
        parts.SetAction(command, async (line, store, cancellation) =>
        {
            string? path = line.GetValue(output);
            bool overwrites = line.GetValue(force);
            if (path is StandardOutput && parts.Terminal.OutputIsTerminal) throw new UsageException("-o - writes the file's bytes to standard output, which is a terminal: name a file, or use a pipe.");
            // Known before anything is asked for, unless the server is to name the file.
            if (path is not (null or StandardOutput) && !Directory.Exists(path)) SavedFile.RequireFree(path, overwrites);
            var vector = line.GetRequiredValue(reference);
            using var download = await store.DownloadAsync(vector, line.GetValue(format), cancellation);
            if (path is StandardOutput)
            {
                await PipeAsync(parts.Terminal, download, cancellation);
                return;
            }
            if (path is null || Directory.Exists(path)) path = Path.Combine(path ?? "", SavedFile.NameFrom(download.SuggestedName) ?? DefaultName(vector, line.GetValue(format)));
            long bytes = await SavedFile.WriteAsync(path, overwrites, target => download.CopyToAsync(target, cancellation));
            parts.Terminal.Out.WriteLine($"{TerminalText.For(parts.Terminal, path)}: {bytes} bytes");
        });
        return command;
    }

    private static async Task PipeAsync(Terminal terminal, Download download, CancellationToken cancellation)
    {
        await using var output = terminal.OpenOutput();
        try
        {
            await download.CopyToAsync(output, cancellation);
        }
        catch (IOException problem)
        {
            throw new RefusalException($"standard output cannot be written: {problem.Message}");
        }
    }

    private static string DefaultName(VectorReference vector, string? format) => $"{SavedFile.NameFrom(vector.ToString())}.{format ?? "safetensors"}";
}
