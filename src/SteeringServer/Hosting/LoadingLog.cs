using Microsoft.Extensions.Logging;

namespace SteeringServer.Hosting;

internal static partial class LoadingLog
{
    [LoggerMessage(3000, LogLevel.Information, "Loading {Name} from {Folder}")]
    public static partial void Loading(ILogger log, string name, string folder);

    [LoggerMessage(3001, LogLevel.Error, "{Name} cannot be loaded. {Reason}")]
    public static partial void Failed(ILogger log, string name, string reason);

    [LoggerMessage(3005, LogLevel.Error, "{Name} cannot be loaded")]
    public static partial void Broke(ILogger log, Exception failure, string name);

    [LoggerMessage(3006, LogLevel.Critical, "The server cannot start. {Reason}")]
    public static partial void CannotStart(ILogger log, string reason);

    [LoggerMessage(3007, LogLevel.Critical, "The server cannot start")]
    public static partial void BrokeAtStart(ILogger log, Exception failure);

    [LoggerMessage(3008, LogLevel.Information, "Loading {Name}: {Progress}")]
    public static partial void Progress(ILogger log, string name, string progress);

    [LoggerMessage(3009, LogLevel.Information, "Loaded {Name} in {Seconds:0.0} s: {StoredMiB} MiB of tensors ({Stored}), kept as {Kept} in {WeightMiB} MiB; the process holds {ResidentMiB} MiB")]
    public static partial void Loaded(ILogger log, string name, double seconds, string storedMiB, string stored, string kept, string weightMiB, string residentMiB);

    [LoggerMessage(3010, LogLevel.Information, "Unloaded {Name}")]
    public static partial void Unloaded(ILogger log, string name);

    [LoggerMessage(3003, LogLevel.Information, "Draining {Name}: {Running} sequences run, {Waiting} wait; new requests are refused")]
    public static partial void DrainingModel(ILogger log, string name, int running, int waiting);

    [LoggerMessage(3004, LogLevel.Warning, "The drain time of {Seconds} s is over for {Name}; what still runs is ended")]
    public static partial void DrainTimeOver(ILogger log, string name, double seconds);
}
