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

    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) => new Packed(stream, compressionLevel ?? CompressionLevel.Fastest);

    public Stream CreateDecompressionStream(Stream stream) => new Expanded(_gzip.CreateDecompressionStream(stream), most);

    // Of no bytes .NET makes no bytes, which other readers (Node's) refuse as gzip: an empty message is an empty member (RFC 1952).
    private sealed class Packed(Stream stream, CompressionLevel level) : GZipStream(stream, level, leaveOpen: true)
    {
        private bool _isEmpty = true;

        private static ReadOnlySpan<byte> EmptyMember => [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

        // Where every other Write of a derived stream ends.
        public override void Write(byte[] array, int offset, int count)
        {
            _isEmpty &= count == 0;
            base.Write(array, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && _isEmpty) BaseStream.Write(EmptyMember);
            _isEmpty = false;
            base.Dispose(disposing);
        }
    }

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
