using Microsoft.Extensions.Logging;

namespace SteeringServer.Hosting;

internal static partial class LoadingLog
{
    [LoggerMessage(3000, LogLevel.Information, "Loading {Name} from {Folder}")]
    public static partial void Loading(ILogger log, string name, string folder);

    [LoggerMessage(3001, LogLevel.Critical, "The model cannot be loaded. {Reason}")]
    public static partial void Failed(ILogger log, string reason);

    [LoggerMessage(3005, LogLevel.Critical, "The model cannot be loaded")]
    public static partial void Broke(ILogger log, Exception failure);

    [LoggerMessage(3003, LogLevel.Information, "Draining: {Running} sequences run, {Waiting} wait; new requests are refused")]
    public static partial void Draining(ILogger log, int running, int waiting);

    [LoggerMessage(3004, LogLevel.Warning, "The drain time of {Seconds} s is over; what still runs is ended")]
    public static partial void DrainTimeOver(ILogger log, double seconds);
}
