namespace Steering.Cli.Api;

/// <summary>No server answered, the connection broke, or what answered does not speak this API.</summary>
/// <param name="message">What happened.</param>
/// <param name="server">Where it was tried.</param>
/// <param name="isUnreachable">True when no connection came about, so starting a server would help.</param>
/// <param name="inner">The cause.</param>
internal sealed class ConnectionException(string message, Uri server, bool isUnreachable, Exception? inner = null) : Exception(message, inner)
{
    public Uri Server { get; } = server;
    public bool IsUnreachable { get; } = isUnreachable;
}
