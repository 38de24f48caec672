using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using SteeringServer.Requests;

namespace SteeringServer.Errors;

/// <summary>An answer other than success, in OpenAI's envelope.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type">One of <see cref="ErrorType"/>.</param>
/// <param name="Message">What was found, what was expected, and what to do.</param>
/// <param name="Param">Path of the field it is about: <c>steering.use[0].sites[1]</c>.</param>
/// <param name="Code">One of <see cref="ErrorCode"/>.</param>
internal sealed record ApiError(int Status, string Type, string Message, string? Param = null, string? Code = null)
{
    /// <summary>Seconds after which a retry makes sense.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Every field problem, where the error is about fields; the message has the first of them in words.</summary>
    public ImmutableArray<FieldProblem> Problems { get; init; } = [];

    public static ApiError Invalid(string message, string? param, string code) => new(StatusCodes.Status400BadRequest, ErrorType.InvalidRequest, message, param, code);

    public static ApiError NotFound(string message, string? param, string code) => new(StatusCodes.Status404NotFound, ErrorType.NotFound, message, param, code);

    public static ApiError Conflict(string message, string? param, string code) => new(StatusCodes.Status409Conflict, ErrorType.Conflict, message, param, code);

    public static ApiError Unavailable(string message, string code) =>
        new(StatusCodes.Status503ServiceUnavailable, ErrorType.Server, message, null, code) { RetryAfter = 1 };

    /// <summary>A failure of ours; the details are in the log under the id.</summary>
    public static ApiError Internal(string requestId) => new(StatusCodes.Status500InternalServerError, ErrorType.Server,
        $"The server failed on this request. Its log says why under request id {requestId}.", null, ErrorCode.InternalError);
}
