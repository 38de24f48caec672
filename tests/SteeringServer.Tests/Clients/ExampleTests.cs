using Steering.Tests;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Clients;

/// <summary>The examples that users copy, run as they are.</summary>
[Collection(ServerCollection.Name)]
public sealed class ExampleTests(ServerFixture fixture)
{
    private readonly (string, string) _address = ("STEERING_SERVER", fixture.Server.Address.ToString().TrimEnd('/'));

    [SkippableFact]
    public async Task The_curl_example_runs()
    {
        Skip.IfNot(ExternalProgram.Exists("curl") && ExternalProgram.Exists("bash"), "needs the programs curl and bash");

        Check(await ExternalProgram.RunAsync("bash", [Repository.PathTo("examples", "curl", "steered-chat.sh")], Repository.Root, _address));
    }

    [SkippableFact]
    public async Task The_node_example_runs()
    {
        string folder = Repository.PathTo("examples", "node");
        Skip.IfNot(ExternalProgram.Exists("node"), "needs the program node");
        Skip.IfNot(Directory.Exists(Path.Combine(folder, "node_modules", "openai")), "needs the npm package openai: run npm ci in examples/node");

        Check(await ExternalProgram.RunAsync("node", ["steered-chat.mjs"], folder, _address));
    }

    [Fact]
    public async Task The_dotnet_example_runs() =>
        Check(await ExternalProgram.RunAsync("dotnet", ["run", "-c", "Release", "--project", Repository.PathTo("examples", "dotnet")], Repository.Root, _address, ("MSBUILDDISABLENODEREUSE", "1")));

    private static void Check(ProgramResult result)
    {
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Contains("steered", result.Output, StringComparison.Ordinal);
        Assert.Contains("\"mood-sorrowful\"", result.Output, StringComparison.Ordinal);
    }
}
