namespace SteeringServer.Errors;

/// <summary>The values of <c>error.type</c>; clients choose their exception class by these and the status.</summary>
internal static class ErrorType
{
    public const string InvalidRequest = "invalid_request_error";
    public const string Authentication = "authentication_error";
    public const string Permission = "permission_error";
    public const string NotFound = "not_found_error";
    public const string Conflict = "conflict_error";
    public const string RateLimit = "rate_limit_error";
    public const string Server = "server_error";
}
