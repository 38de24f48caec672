using Microsoft.Extensions.Logging;

namespace SteeringServer.Errors;

internal static partial class ErrorLog
{
    [LoggerMessage(1000, LogLevel.Error, "Request {RequestId} failed")]
    public static partial void RequestFailed(ILogger log, string requestId, Exception failure);

    [LoggerMessage(1001, LogLevel.Debug, "Request {RequestId}: the client left")]
    public static partial void ClientLeft(ILogger log, string requestId);

    [LoggerMessage(1002, LogLevel.Debug, "Request {RequestId}: the connection broke: {Reason}")]
    public static partial void ConnectionBroke(ILogger log, string requestId, string reason);

    [LoggerMessage(1003, LogLevel.Warning, "Request {RequestId}: the response was cut off: {Reason}")]
    public static partial void ResponseCutOff(ILogger log, string requestId, string reason);
}
