using Microsoft.Extensions.Logging;

namespace SteeringServer.Features.Extraction;

internal static partial class ExtractionLog
{
    [LoggerMessage(6000, LogLevel.Information, "{Operation}: extracting {Vector} from {Examples} examples with {Model}")]
    public static partial void Began(ILogger log, string operation, string vector, int examples, string model);

    [LoggerMessage(6001, LogLevel.Information, "{Operation}: {Vector}, block {Block} recommended, strengths {From:0.###} to {To:0.###} hold; {Seconds:0.0} s")]
    public static partial void Succeeded(ILogger log, string operation, string vector, int block, double from, double to, double seconds);

    [LoggerMessage(6002, LogLevel.Warning, "{Operation} failed: {Reason}")]
    public static partial void Failed(ILogger log, string operation, string reason);

    [LoggerMessage(6003, LogLevel.Error, "{Operation} failed")]
    public static partial void Broke(ILogger log, Exception failure, string operation);

    [LoggerMessage(6004, LogLevel.Information, "{Operation} was interrupted and goes on from its last checkpoint when {Model} is there again")]
    public static partial void Interrupted(ILogger log, string operation, string model);

    [LoggerMessage(6005, LogLevel.Information, "{Operation} was cancelled")]
    public static partial void Cancelled(ILogger log, string operation);

    [LoggerMessage(6006, LogLevel.Error, "Extractions cannot go on; another try in {Seconds:0} s")]
    public static partial void Stumbled(ILogger log, Exception failure, double seconds);
}
