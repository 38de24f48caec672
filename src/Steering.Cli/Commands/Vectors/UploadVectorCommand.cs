using System.CommandLine;
using System.Net;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands.Vectors;

/// <summary><c>steer vectors upload</c>.</summary>
internal static class UploadVectorCommand
{
    public static Command Create(VectorCommandParts parts)
    {
        var options = new UploadOptions();
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be found; nothing is stored." };
        var command = new Command("upload", "Stores a vector file as a new version, and says what was found in it.");
        options.AddTo(command);
        command.Add(dryRun);
        parts.Json.AddTo(command);
        parts.SetAction(command, async (line, store, cancellation) =>
        {
            var upload = await options.ReadAsync(line, parts.Terminal, cancellation);
            if (line.GetValue(dryRun))
            {
                var preview = await UploadProgress.ShowAsync(parts.Terminal, upload.File, sent => store.ValidateAsync(upload, sent, cancellation));
                parts.Json.Write(line, parts.Terminal, preview, shown => UploadView.Write(parts.Terminal, shown));
                if (!preview.Value.Valid) throw NotStorable(preview.Value);
                return;
            }
            var stored = await RegisterAsync(parts, store, upload, explains: !parts.Json.IsGiven(line), cancellation);
            parts.Json.Write(line, parts.Terminal, stored, shown => UploadView.Write(parts.Terminal, shown));
        });
        return command;
    }

    /// <param name="explains">A refusal is shown problem by problem, rather than in the one sentence of the server's error.</param>
    private static async Task<Document<StoredVector>> RegisterAsync(VectorCommandParts parts, VectorStore store, VectorUpload upload, bool explains, CancellationToken cancellation)
    {
        try
        {
            return await UploadProgress.ShowAsync(parts.Terminal, upload.File, sent => store.RegisterAsync(upload, sent, cancellation));
        }
        catch (ApiException refusal) when (explains && refusal.Status is HttpStatusCode.BadRequest)
        {
            if (await ReportAsync(store, upload, cancellation) is not { Valid: false } preview) throw;
            UploadView.Write(parts.Terminal, preview);
            throw NotStorable(preview);
        }
    }

    /// <summary>The report behind a refusal; null where that cannot be had either, and the refusal is all there is to show.</summary>
    private static async Task<UploadPreview?> ReportAsync(VectorStore store, VectorUpload upload, CancellationToken cancellation)
    {
        try
        {
            return (await store.ValidateAsync(upload, _ => { }, cancellation)).Value;
        }
        catch (Exception problem) when (problem is ApiException or ConnectionException)
        {
            return null;
        }
    }

    private static RefusalException NotStorable(UploadPreview preview) => new(preview.Problems switch
    {
        { Count: 1 } => "the file has a problem; nothing was stored.",
        { Count: > 1 and var many } => $"the file has {many} problems; nothing was stored.",
        _ => "the file cannot be stored.",
    });
}
