using System.Net;
using System.Net.Http.Headers;

namespace Steering.Cli.Api;

/// <summary>A file as part of a request: read as it is sent, never as a whole.</summary>
internal sealed class FileContent : HttpContent
{
    private const int PieceBytes = 64 << 10;

    private readonly VectorFile _file;
    private readonly Action<long> _sent;

    /// <param name="sent">Is told how many bytes have gone out.</param>
    public FileContent(VectorFile file, Action<long> sent)
    {
        (_file, _sent) = (file, sent);
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _file.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var source = _file.Open();
        var piece = new byte[PieceBytes];
        long sent = 0;
        for (int read; (read = await source.ReadAsync(piece, cancellationToken)) > 0; _sent(sent += read)) await stream.WriteAsync(piece.AsMemory(0, read), cancellationToken);
    }
}
