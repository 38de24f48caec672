using System.Collections.Immutable;
using SteeringServer.Hosting;

namespace SteeringServer.Security;

/// <summary>The configured API keys.</summary>
internal sealed class ApiKeyRing(ServerOptions options)
{
    private readonly ImmutableArray<ApiKeyHash> _keys = [.. options.ApiKeys.Select(ApiKeyHash.Parse)];

    /// <summary>Nobody is asked for a key.</summary>
    public bool IsOpen => _keys.IsEmpty;

    public bool Knows(string key)
    {
        byte[] hash = ApiKeyHash.Hash(key);
        bool isKnown = false;
        foreach (var known in _keys) isKnown |= known.Matches(hash); // all of them, whichever matches
        return isKnown;
    }
}
