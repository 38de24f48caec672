namespace Steering.Cli.Api;

/// <summary>An answer of the server, parsed and as it came.</summary>
internal sealed record Document<T>(T Value, string Json);
