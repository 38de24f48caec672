using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using SteeringServer.Errors;
using HttpResponse = Microsoft.AspNetCore.Http.HttpResponse;
using Status = Google.Rpc.Status;

namespace SteeringServer.Grpc;

/// <summary>Errors as gRPC has them: a code, a message, and <c>google.rpc.Status</c> with details that programs read (https://cloud.google.com/apis/design/errors).</summary>
internal static class RpcErrors
{
    public const string StatusHeader = "grpc-status";

    private const string Domain = "steering.local";
    // Many clients take 8 KiB of trailers and no more (gRPC's own default): the message is in them twice, and the details as base64.
    private const int LongestMessage = 1000;
    private const int MostDetailBytes = 3500;

    public static RpcException ToException(ApiError error, string requestId) => ToStatus(error, requestId).ToRpcException();

    /// <summary>Answers a call with an error and no message: status and details go into the headers (Trailers-Only).</summary>
    public static void AnswerWithoutMessages(HttpResponse response, ApiError error, string requestId)
    {
        var status = ToStatus(error, requestId);
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers[StatusHeader] = status.Code.ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message); // percent-encoded, more of it than would have to be
        response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray());
    }

    /// <summary>The code that says what an HTTP status says (docs/decisions.md 27).</summary>
    public static StatusCode CodeOf(ApiError error) => error.Status switch
    {
        _ when error.Code is ErrorCode.RouteNotFound => StatusCode.Unimplemented,
        StatusCodes.Status401Unauthorized => StatusCode.Unauthenticated,
        StatusCodes.Status403Forbidden => StatusCode.PermissionDenied,
        StatusCodes.Status404NotFound => StatusCode.NotFound,
        StatusCodes.Status405MethodNotAllowed => StatusCode.Unimplemented,
        StatusCodes.Status409Conflict => StatusCode.Aborted,
        StatusCodes.Status412PreconditionFailed or StatusCodes.Status422UnprocessableEntity => StatusCode.FailedPrecondition,
        // As the library itself says of a message that is too large.
        StatusCodes.Status413PayloadTooLarge or StatusCodes.Status429TooManyRequests or StatusCodes.Status507InsufficientStorage => StatusCode.ResourceExhausted,
        StatusCodes.Status499ClientClosedRequest => StatusCode.Cancelled,
        StatusCodes.Status503ServiceUnavailable => StatusCode.Unavailable,
        StatusCodes.Status504GatewayTimeout => StatusCode.DeadlineExceeded,
        >= 500 => StatusCode.Internal,
        _ => StatusCode.InvalidArgument,
    };

    private static Status ToStatus(ApiError error, string requestId)
    {
        var status = new Status { Code = (int)CodeOf(error), Message = Shorten(error.Message) };
        status.Details.Add(Any.Pack(new ErrorInfo { Reason = Reason(error.Code ?? error.Type), Domain = Domain, Metadata = { ["request_id"] = requestId } }));
        if (error.RetryAfter is { } seconds) status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds)) }));
        var fields = new BadRequest();
        int room = MostDetailBytes - status.CalculateSize();
        foreach (var (path, code, message) in error.Problems.IsEmpty && error.Param is { } param ? [new(param, error.Code ?? error.Type, error.Message)] : error.Problems)
        {
            var violation = new BadRequest.Types.FieldViolation { Field = path, Reason = Reason(code), Description = Shorten(message) };
            if ((room -= violation.CalculateSize()) < 0) break; // as in the message, the first ones
            fields.FieldViolations.Add(violation);
        }
        if (fields.FieldViolations.Count > 0) status.Details.Add(Any.Pack(fields));
        return status;
    }

    private static string Reason(string code) => code.ToUpperInvariant();

    private static string Shorten(string message) => message.Length <= LongestMessage ? message : $"{message.AsSpan(0, LongestMessage)}…";
}
