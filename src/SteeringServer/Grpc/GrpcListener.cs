using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using SteeringServer.Hosting;

namespace SteeringServer.Grpc;

/// <summary>
/// The second port. Without TLS a port speaks HTTP/1.1 or HTTP/2, not both: nothing negotiates between them. Connections carry a mark, because port numbers in
/// Host headers are those that clients see, which need not be ours.
/// </summary>
internal static class GrpcListener
{
    private const string ContentType = "application/grpc";
    private const string HttpVersion2 = "HTTP/2";
    private static readonly object Mark = new();

    /// <summary>Listens for gRPC where the options say so.</summary>
    public static void ListenForGrpc(this KestrelServerOptions kestrel, ServerOptions options)
    {
        if (options.Grpc is not { } address) return;
        var limits = kestrel.Limits.Http2;
        limits.MaxStreamsPerConnection = 1024;
        // A client that vanished without a word is found out, and its places are freed.
        limits.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        limits.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
        // Vector files come in chunks of 1 MiB: room for a few on their way.
        limits.InitialStreamWindowSize = 4 << 20;
        limits.InitialConnectionWindowSize = 8 << 20;
        kestrel.Listen(address.Address, address.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection =>
            {
                connection.Items[Mark] = Mark;
                return next(connection);
            });
        });
    }

    /// <summary>Whether a request came in by the gRPC port.</summary>
    public static bool IsBehind(HttpContext context) => context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(Mark) == true;

    /// <summary>Whether a request is a gRPC call, to be answered in gRPC's way whatever happens.</summary>
    public static bool IsCall(HttpContext context) => context.Request.Protocol == HttpVersion2 && HasContentType(context.Request);

    /// <summary>Whether a request has the content type of gRPC: exactly it, or with a format or parameters after it. gRPC-Web's is another.</summary>
    public static bool HasContentType(HttpRequest request) => request.ContentType is { } type && type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (type.Length == ContentType.Length || type[ContentType.Length] is '+' or ';');
}
