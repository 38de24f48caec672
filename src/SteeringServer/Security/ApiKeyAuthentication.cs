using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SteeringServer.Errors;

namespace SteeringServer.Security;

/// <summary>
/// Recognises callers by API key, in <c>Authorization: Bearer</c> or <c>x-api-key</c>. Where no key is configured everyone is the local caller: then the server
/// listens on loopback only.
/// </summary>
internal sealed class ApiKeyAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> schemes, ILoggerFactory loggers, UrlEncoder encoder, ApiKeyRing keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, loggers, encoder)
{
    public const string SchemeName = "ApiKey";
    private const string Bearer = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (keys.IsOpen) return Task.FromResult(AuthenticateResult.Success(TicketOf("local")));
        if (SentKey() is not { } sent) return Task.FromResult(AuthenticateResult.NoResult());
        return Task.FromResult(keys.Knows(sent) ? AuthenticateResult.Success(TicketOf("key")) : AuthenticateResult.Fail("unknown key"));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        string found = SentKey() is null ? "No API key was sent" : "The API key is not one of this server's";
        return ErrorEnvelope.SendAsync(Context, new ApiError(StatusCodes.Status401Unauthorized, ErrorType.Authentication,
            $"{found}. Send it as 'Authorization: Bearer <key>' or 'x-api-key: <key>'.", null, ErrorCode.InvalidApiKey));
    }

    private string? SentKey()
    {
        string? authorization = Request.Headers.Authorization;
        if (authorization?.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) == true) return authorization[Bearer.Length..].Trim();
        string? key = Request.Headers["x-api-key"];
        return string.IsNullOrEmpty(key) ? null : key;
    }

    private static AuthenticationTicket TicketOf(string name) =>
        new(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], SchemeName)), SchemeName);
}
