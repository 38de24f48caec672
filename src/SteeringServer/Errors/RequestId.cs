using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace SteeringServer.Errors;

/// <summary>The id a request has in the log and in the <c>X-Request-Id</c> header: the client's own where it sent a harmless one.</summary>
internal static class RequestId
{
    public const string Header = "X-Request-Id";
    private const int LongestAccepted = 128;
    // Ids end up in logs and headers: nothing but letters, digits and the marks of UUIDs and trace ids.
    private static readonly SearchValues<char> Harmless = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    public static string Assign(HttpContext context)
    {
        string? sent = context.Request.Headers[Header];
        string id = IsHarmless(sent) ? sent! : $"req_{Guid.CreateVersion7():N}";
        context.TraceIdentifier = id;
        context.Response.Headers[Header] = id;
        return id;
    }

    public static string Of(HttpContext context) => context.TraceIdentifier;

    private static bool IsHarmless(string? id) => id is { Length: > 0 and <= LongestAccepted } && !id.AsSpan().ContainsAnyExcept(Harmless);
}
