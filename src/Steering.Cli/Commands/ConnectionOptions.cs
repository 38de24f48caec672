using System.CommandLine;
using Steering.Cli.Api;

namespace Steering.Cli.Commands;

/// <summary>Options that say where the server is.</summary>
internal sealed class ConnectionOptions
{
    private const string DefaultServer = "http://127.0.0.1:8080";

    private readonly Option<string?> _server = new("--server")
    {
        Description = $"Address of the server. Otherwise the environment variable STEER_SERVER, otherwise {DefaultServer}.",
        HelpName = "url",
    };

    private readonly Option<string?> _apiKey = new("--api-key")
    {
        Description = "API key. Otherwise the environment variable STEER_API_KEY, which other users of this machine cannot see.",
        HelpName = "key",
    };

    public void AddTo(Command command)
    {
        command.Add(_server);
        command.Add(_apiKey);
    }

    /// <exception cref="UsageException">The address or the key cannot be one.</exception>
    public SteeringClient Connect(ParseResult line, Terminal terminal)
    {
        string address = NonEmpty(line.GetValue(_server)) ?? NonEmpty(terminal.Environment("STEER_SERVER")) ?? DefaultServer;
        if (!address.Contains("://", StringComparison.Ordinal)) address = "http://" + address;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https"))
            throw new UsageException($"--server: '{address}' is not an address; expected one like {DefaultServer}.");
        string? key = NonEmpty(line.GetValue(_apiKey)) ?? NonEmpty(terminal.Environment("STEER_API_KEY"));
        if (key is not null && key.Any(c => c is <= ' ' or > '~'))
            throw new UsageException("--api-key: the key holds characters that cannot be sent (a space, a line break or a non-ASCII letter).");
        return new SteeringClient(Base(server), key);
    }

    /// <summary>Paths are appended to the base; an address copied from an OpenAI client ends in /v1, which the paths bring themselves.</summary>
    private static Uri Base(Uri server)
    {
        string path = server.AbsolutePath.TrimEnd('/');
        if (path.EndsWith("/v1", StringComparison.Ordinal)) path = path[..^3];
        return new UriBuilder(server) { Path = path + "/", Query = "", Fragment = "" }.Uri;
    }

    private static string? NonEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
