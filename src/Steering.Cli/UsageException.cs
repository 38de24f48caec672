namespace Steering.Cli;

/// <summary>A command line that parses but makes no sense; found before anything is sent.</summary>
internal sealed class UsageException(string message) : Exception(message);
