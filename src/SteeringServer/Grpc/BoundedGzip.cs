using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;

namespace SteeringServer.Grpc;

/// <summary>
/// gzip for messages in both directions. The library bounds messages by their size on the wire only; here what they expand to is bounded too, because gzip
/// makes a thousand bytes of one.
/// </summary>
/// <param name="most">Bytes that a message may expand to.</param>
internal sealed class BoundedGzip(int most) : ICompressionProvider
{
    private readonly GzipCompressionProvider _gzip = new(CompressionLevel.Fastest);

    public string EncodingName => _gzip.EncodingName;

    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) => _gzip.CreateCompressionStream(stream, compressionLevel);

    public Stream CreateDecompressionStream(Stream stream) => new Expanded(_gzip.CreateDecompressionStream(stream), most);

    private sealed class Expanded(Stream source, int most) : Stream
    {
        private long _read;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => _read; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            int read = source.Read(buffer);
            if ((_read += read) > most) throw new RpcException(new Status(StatusCode.ResourceExhausted,
                $"The compressed message expands to more than the {most >> 20} MiB this server reads. Send less in one message."));
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) source.Dispose();
            base.Dispose(disposing);
        }
    }
}
