using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Steering.V1;
using SteeringServer.Errors;
using SteeringServer.Hosting;

namespace SteeringServer.Features.Vectors;

/// <summary>One message of an upload over gRPC: exactly one of its parts is set.</summary>
internal readonly record struct UploadPart(UploadHeader? Header, ByteString? Chunk, string? Sha256);

/// <summary>Puts a file together that comes as a header, chunks and its hash, in this order: what was cut off or changed on the way is noticed.</summary>
internal static class UploadStream
{
    /// <summary>Bytes of the largest chunk that is sent or taken.</summary>
    public const int MostChunkBytes = 1 << 20;

    /// <exception cref="ApiException">400 with the part that is missing, out of place or wrong; 413 for more than the server keeps in memory.</exception>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public static async Task<(UploadHeader Header, ReadOnlyMemory<byte> Bytes)> ReadAsync<T>(IAsyncStreamReader<T> messages, Func<T, UploadPart> partOf, CancellationToken cancellation)
    {
        if (!await NextAsync(messages, cancellation)) throw Refused("header", "the stream ended before its first message; send a header, chunks, and the SHA-256 of the bytes");
        if (partOf(messages.Current).Header is not { } header) throw Refused("header", "is missing; the first message holds the header");
        var file = new MemoryStream();
        while (await NextAsync(messages, cancellation))
        {
            switch (partOf(messages.Current))
            {
                case { Chunk: { } chunk } when chunk.Length > MostChunkBytes:
                    throw Refused("chunk", $"found {chunk.Length} bytes; expected at most {MostChunkBytes} in one message: send more of them");
                case { Chunk: { } chunk } when file.Length + chunk.Length > ServerHost.MostBodyBytes:
                    throw new ApiException(new ApiError(Microsoft.AspNetCore.Http.StatusCodes.Status413PayloadTooLarge, ErrorType.InvalidRequest,
                        $"chunk: the file is larger than the {ServerHost.MostBodyBytes >> 20} MiB this server reads. Register its sites in several vectors.", "chunk", ErrorCode.BodyTooLarge));
                case { Chunk: { } chunk }:
                    file.Write(chunk.Span);
                    break;
                case { Sha256: { } expected }:
                    if (await NextAsync(messages, cancellation)) throw Refused("sha256", "comes last, but another message follows it");
                    string found = Convert.ToHexStringLower(SHA256.HashData(file.GetBuffer().AsSpan(0, (int)file.Length)));
                    if (!found.Equals(expected, StringComparison.OrdinalIgnoreCase)) throw Refused("sha256", $"found {Requests.Found.Shorten(expected)}, but the {file.Length} bytes that arrived have {found}: they changed on the way; send the file again");
                    return (header, file.GetBuffer().AsMemory(0, (int)file.Length));
                case { Header: not null }:
                    throw Refused("header", "comes once, in the first message; found another one");
                default:
                    throw Refused("part", "a message is empty; each one holds a header, a chunk or a sha256");
            }
        }
        throw Refused("sha256", $"is missing: the stream ended after {file.Length} bytes; the last message holds the SHA-256 of the bytes, so that a file that was cut off is noticed");
    }

    // What breaks here is the client's stream: it left, which is no failure of ours. The call's token says so only a moment later.
    private static async Task<bool> NextAsync<T>(IAsyncStreamReader<T> messages, CancellationToken cancellation)
    {
        try
        {
            return await messages.MoveNext(cancellation);
        }
        catch (IOException broken)
        {
            throw new OperationCanceledException("The client broke the upload off.", broken, cancellation);
        }
    }

    private static ApiException Refused(string part, string message) => new(ApiError.Invalid($"{part}: {message}", part, ErrorCode.InvalidValue));
}
