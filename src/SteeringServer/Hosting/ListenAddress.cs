using System.Globalization;
using System.Net;

namespace SteeringServer.Hosting;

/// <summary>Where the server listens.</summary>
/// <param name="Host">An IP address, <c>localhost</c>, or <c>*</c> for every address.</param>
/// <param name="Port">0: any free one.</param>
internal sealed record ListenAddress(string Host, int Port)
{
    /// <summary>The address to bind; localhost is the loopback of version 4, which exists everywhere and can have any free port.</summary>
    public IPAddress Address => Host switch
    {
        "*" or "+" => IPAddress.Any,
        "localhost" => IPAddress.Loopback,
        _ => IPAddress.Parse(Host),
    };

    /// <summary>Whether a failure to listen is about this address: the server's message names it.</summary>
    public bool IsNamedBy(IOException refused) => Port > 0 && refused.Message.Contains($"{new IPEndPoint(Address, Port)}", StringComparison.Ordinal);

    /// <summary>Whether only this machine can connect.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>Reads <c>127.0.0.1:8080</c>, <c>localhost:0</c>, <c>[::1]:8080</c>, <c>*:8080</c>, <c>:8080</c> or a port alone, with or without <c>http://</c>.</summary>
    public static bool TryParse(string text, out ListenAddress address)
    {
        address = new ListenAddress("127.0.0.1", 8080);
        string rest = text.Trim();
        if (rest.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) rest = rest["http://".Length..].TrimEnd('/');
        int colon = rest.LastIndexOf(':');
        string host = colon > 0 ? rest[..colon] : colon == 0 ? "*" : address.Host, port = rest[(colon + 1)..];
        if (host.StartsWith('[') && host.EndsWith(']')) host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal)) return false; // version 6 needs its brackets
        bool isHost = host is "*" or "+" or "localhost" || IPAddress.TryParse(host, out _);
        if (!isHost || !ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)) return false;
        address = new ListenAddress(host, number);
        return true;
    }

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
