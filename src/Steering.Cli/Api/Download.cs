namespace Steering.Cli.Api;

/// <summary>A file that the server has begun to send.</summary>
internal sealed class Download(SteeringClient client, HttpResponseMessage response) : IDisposable
{
    private const int PieceBytes = 64 << 10;

    /// <summary>What the server would call it: any text at all, which must not be used as a path. Null where it says nothing.</summary>
    public string? SuggestedName => response.Content.Headers.ContentDisposition is { } disposition ? disposition.FileNameStar ?? disposition.FileName : null;

    /// <summary>Copies the file; returns its size in bytes.</summary>
    /// <exception cref="ConnectionException">The connection broke before the file was complete.</exception>
    /// <exception cref="IOException">The target cannot be written.</exception>
    public async Task<long> CopyToAsync(Stream target, CancellationToken cancellation)
    {
        await using var source = await client.Guarded(() => response.Content.ReadAsStreamAsync(cancellation), cancellation);
        var piece = new byte[PieceBytes];
        long bytes = 0;
        for (int read; (read = await client.Guarded(async () => await source.ReadAsync(piece, cancellation), cancellation)) > 0; bytes += read)
            await target.WriteAsync(piece.AsMemory(0, read), cancellation);
        return bytes;
    }

    public void Dispose() => response.Dispose();
}
