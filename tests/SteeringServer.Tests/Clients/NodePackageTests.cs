using Steering.Tests;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Clients;

[Collection(ServerCollection.Name)]
public sealed class NodePackageTests(ServerFixture fixture)
{
    [SkippableFact]
    public async Task The_npm_package_openai_works_unchanged()
    {
        string folder = Repository.PathTo("tests", "clients", "node");
        Skip.IfNot(ExternalProgram.Exists("node"), "needs the program node");
        Skip.IfNot(Directory.Exists(Path.Combine(folder, "node_modules", "openai")), "needs the npm package openai: run npm ci in tests/clients/node");

        var result = await ExternalProgram.RunAsync("node", ["--test", "steering-server.test.mjs"], folder, ("STEERING_SERVER", fixture.Server.Address.ToString().TrimEnd('/')));

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
    }
}
