namespace SteeringServer.Tests.Fixtures;

/// <summary>One server for all tests that only talk to it.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    internal RunningServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RunningServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class ServerCollection : ICollectionFixture<ServerFixture>
{
    public const string Name = "server";
}

/// <summary>Another server for the tests that change its vectors.</summary>
[CollectionDefinition(Name)]
public sealed class RegistryCollection : ICollectionFixture<ServerFixture>
{
    public const string Name = "registry";
}
