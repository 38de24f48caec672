using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Http;
using SteeringServer.Errors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Security;

/// <summary>
/// Refuses requests whose Host header is a name nobody configured. A web page can point a name of its own at this machine (DNS rebinding) and then call it as
/// its own server; it cannot do that with an IP address or with localhost.
/// </summary>
internal sealed class HostGuard(RequestDelegate next, ServerOptions options)
{
    private readonly FrozenSet<string> _allowed = options.AllowedHosts.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context) => IsAllowed(context.Request.Host.Host) ? next(context)
        : throw new ApiException(new ApiError(StatusCodes.Status403Forbidden, ErrorType.Permission,
            $"This server does not answer to the host name {Found.Quote(context.Request.Host.Host)}. Call it by IP address or localhost, or start it with "
                + $"--allow-host {Found.Shorten(context.Request.Host.Host)}.",
            null, ErrorCode.HostNotAllowed));

    // No Host at all comes from HTTP/1.0 probes; browsers always send one.
    private bool IsAllowed(string host) => host.Length == 0 || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.AsSpan().Trim("[]"), out _) || _allowed.Contains(host) || _allowed.Contains("*");
}
