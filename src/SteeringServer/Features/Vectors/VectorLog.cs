using Microsoft.Extensions.Logging;

namespace SteeringServer.Features.Vectors;

/// <summary>What an operator reads about the registry: every change, and what could not be served.</summary>
internal static partial class VectorLog
{
    [LoggerMessage(4000, LogLevel.Information, "Registered {Name}@{Version} ({Novelty} content {Sha256}) from {Format}, convention {Convention}")]
    public static partial void Registered(ILogger log, string name, int version, string novelty, string sha256, string format, string convention);

    [LoggerMessage(4001, LogLevel.Information, "The alias {Alias} of {Name} points at version {Version} (revision {Revision})")]
    public static partial void Pointed(ILogger log, string alias, string name, int version, int revision);

    [LoggerMessage(4002, LogLevel.Information, "The alias {Alias} of {Name} is removed")]
    public static partial void Removed(ILogger log, string alias, string name);

    [LoggerMessage(4003, LogLevel.Information, "Archived {Name}, versions {Versions}, aliases {Aliases}")]
    public static partial void Archived(ILogger log, string name, string versions, string aliases);

    [LoggerMessage(4004, LogLevel.Warning, "A vector is left out. {Reason}")]
    public static partial void Skipped(ILogger log, string reason);

    [LoggerMessage(4005, LogLevel.Warning, "{Name} has other content on disk than before: it is version {Version} now. The alias prod stays where it is; steer vectors promote {Name} {Version} moves it")]
    public static partial void ShippedChanged(ILogger log, string name, int version);

    [LoggerMessage(4006, LogLevel.Error, "A stored vector is not served. {Reason}. Register its content again, or restore the database")]
    public static partial void Corrupt(ILogger log, string reason);
}
