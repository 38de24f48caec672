using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using SteeringServer.Errors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Security;

/// <summary>
/// Refuses what a web page of another site sends to change something. Browsers send forms across sites without asking the server first (a form needs no CORS
/// preflight), so a page could otherwise register vectors with a server on its visitor's machine; they always say in <c>Origin</c> where the page is from.
/// </summary>
internal sealed class OriginGuard(RequestDelegate next, ServerOptions options)
{
    private readonly FrozenSet<string> _allowed = options.AllowedOrigins.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        string origin = request.Headers.Origin.ToString();
        bool isHarmless = origin.Length == 0 || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);
        if (isHarmless || origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase) || _allowed.Contains(origin) || _allowed.Contains("*")) return next(context);
        throw new ApiException(new ApiError(StatusCodes.Status403Forbidden, ErrorType.Permission,
            $"Pages of {Found.Quote(origin)} may not call this server. Start it with --allow-origin {Found.Shorten(origin)} if they should.", null, ErrorCode.OriginNotAllowed));
    }
}
