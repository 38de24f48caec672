namespace Steering.Cli;

/// <summary>The client itself stops: what it found is not what the command line expected, or this machine does not let it do its part.</summary>
internal sealed class RefusalException(string message) : Exception(message);
