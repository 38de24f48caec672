using System.Net;

namespace Steering.Cli.Api;

/// <summary>The server answered with an error, as a status or within a stream.</summary>
/// <param name="error">The error as the server wrote it.</param>
/// <param name="status">Null when the error came inside a stream that had begun well.</param>
/// <param name="retryAfter">How long the server asks to wait (429, 503).</param>
internal sealed class ApiException(ApiError error, HttpStatusCode? status = null, TimeSpan? retryAfter = null) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
    public HttpStatusCode? Status { get; } = status;
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
