using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using SteeringServer.Grpc;
using SteeringServer.Requests;

namespace SteeringServer.Errors;

/// <summary>
/// The outermost middleware: every failure leaves as an <see cref="ErrorEnvelope"/>, whether a handler threw, routing found nothing or the body broke a limit.
/// Nothing about our insides leaves with it.
/// </summary>
internal sealed class ErrorBoundary(RequestDelegate next, ILogger<ErrorBoundary> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        string requestId = RequestId.Assign(context);
        try
        {
            await next(context);
            // What the gRPC library refuses has its own words in headers.
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null } && !context.Response.Headers.ContainsKey(RpcErrors.StatusHeader))
                await ErrorEnvelope.SendAsync(context, OfStatus(context));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            ErrorLog.ClientLeft(log, requestId);
        }
        catch (ApiException refusal)
        {
            await SendAsync(context, refusal.Error, refusal);
        }
        catch (BadHttpRequestException refusal)
        {
            await SendAsync(context, OfBadRequest(context, refusal), refusal);
        }
        catch (IOException broken) when (context.RequestAborted.IsCancellationRequested)
        {
            ErrorLog.ConnectionBroke(log, requestId, broken.Message);
        }
#pragma warning disable CA1031 // The last catch of a request: whatever it is, the server keeps serving and the log has the stack.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            ErrorLog.RequestFailed(log, requestId, failure);
            await SendAsync(context, ApiError.Internal(requestId), failure);
        }
    }

    private async Task SendAsync(HttpContext context, ApiError error, Exception cause)
    {
        if (context.Response.HasStarted)
        {
            // Streams report their errors in band; whoever gets here has broken off in the middle of a body.
            ErrorLog.ResponseCutOff(log, RequestId.Of(context), cause.Message);
            context.Abort();
            return;
        }
        foreach (string header in new[] { "Content-Encoding", "Cache-Control" }) context.Response.Headers.Remove(header);
        try
        {
            await ErrorEnvelope.SendAsync(context, error);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            ErrorLog.ClientLeft(log, RequestId.Of(context));
        }
    }

    private static ApiError OfStatus(HttpContext context)
    {
        var request = context.Request;
        int status = context.Response.StatusCode;
        return status switch
        {
            StatusCodes.Status404NotFound => ApiError.NotFound(
                $"There is no {request.Method} {request.Path}. The generation routes are POST /v1/chat/completions and POST /v1/completions; "
                    + "GET /openapi/v1.json has all of them.",
                null, ErrorCode.RouteNotFound),
            StatusCodes.Status405MethodNotAllowed => new ApiError(status, ErrorType.InvalidRequest,
                $"{request.Path} does not take {request.Method}; use {context.Response.Headers.Allow}.", null, ErrorCode.MethodNotAllowed),
            StatusCodes.Status415UnsupportedMediaType => JsonBody.WrongMediaType(request.ContentType),
            >= 500 => ApiError.Internal(RequestId.Of(context)),
            _ => new ApiError(status, ErrorType.InvalidRequest, $"The request was refused with status {status}.", null, ErrorCode.InvalidValue),
        };
    }

    private static ApiError OfBadRequest(HttpContext context, BadHttpRequestException refusal)
    {
        if (refusal.StatusCode != StatusCodes.Status413PayloadTooLarge)
            return new ApiError(refusal.StatusCode, ErrorType.InvalidRequest, $"The request cannot be read: {refusal.Message}", null, ErrorCode.InvalidValue);
        long? limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
        return JsonBody.TooLarge(limit ?? 0);
    }
}
