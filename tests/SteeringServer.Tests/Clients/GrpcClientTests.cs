using Steering.Tests;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Clients;

/// <summary>The gRPC packages of other languages, unchanged, and the examples that users copy, run as they are, against a server that asks for a key.</summary>
public sealed class GrpcClientTests(GrpcClientTests.KeyedServer keyed) : IClassFixture<GrpcClientTests.KeyedServer>
{
    // Debian's packages are for Debian's own Python; another one may come before it on the path.
    private const string Python = "/usr/bin/python3";

    [SkippableFact]
    public async Task The_npm_package_grpc_js_works_unchanged() => await RunAsync("node", ["--test", "grpc.test.mjs"], NodeFolder("tests", "clients", "node"));

    [SkippableFact]
    public async Task The_node_example_runs() => CheckExample(await RunAsync("node", ["upload-and-steer.mjs"], NodeFolder("examples", "grpc", "node")), "example-node");

    [SkippableFact]
    public async Task The_python_package_grpcio_works_unchanged()
    {
        await RequirePythonAsync();
        await RunAsync(Python, ["-m", "unittest", "test_grpc"], Repository.PathTo("tests", "clients", "python"));
    }

    [SkippableFact]
    public async Task The_python_example_runs()
    {
        await RequirePythonAsync();
        string folder = Repository.PathTo("examples", "grpc", "python");
        await RunAsync("bash", ["generate.sh"], folder);
        CheckExample(await RunAsync(Python, ["upload_and_steer.py"], folder), "example-python");
    }

    [Fact]
    public async Task The_dotnet_example_runs() =>
        CheckExample(await RunAsync("dotnet", ["run", "-c", "Release", "--project", Repository.PathTo("examples", "grpc", "dotnet")], Repository.Root), "example-dotnet");

    private static string NodeFolder(params string[] parts)
    {
        string folder = Repository.PathTo(parts);
        Skip.IfNot(ExternalProgram.Exists("node"), "needs the program node");
        Skip.IfNot(Directory.Exists(Path.Combine(folder, "node_modules", "@grpc", "grpc-js")), $"needs the npm package @grpc/grpc-js: run npm ci in {string.Join('/', parts)}");
        return folder;
    }

    private static async Task RequirePythonAsync()
    {
        Skip.IfNot(File.Exists(Python) && (await ExternalProgram.RunAsync(Python, ["-c", "import grpc, google.protobuf"])).ExitCode == 0, $"needs the package grpcio for {Python} (Debian: python3-grpcio)");
        Skip.IfNot(ExternalProgram.Exists("protoc") && ExternalProgram.Exists("grpc_python_plugin"), "needs the programs protoc and grpc_python_plugin (Debian: protobuf-compiler-grpc, libprotobuf-dev)");
    }

    private static void CheckExample(string output, string vector)
    {
        foreach (string part in new[] { $"registered {vector}@1", "resid_post.2 -> resid_post.2", "steered and streamed:", $"\"{vector}\"", $"{vector}@prod is version 1", "temperature: found 3", $"archived {vector}" })
            Assert.Contains(part, output, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(string program, IEnumerable<string> arguments, string folder)
    {
        var result = await ExternalProgram.RunAsync(program, arguments, folder, ("STEERING_GRPC", keyed.Server.GrpcAddress!.Authority), ("STEERING_API_KEY", KeyedServer.Key), ("MSBUILDDISABLENODEREUSE", "1"));
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        return result.Output;
    }

    /// <summary>A server for these tests alone: they change its vectors.</summary>
    public sealed class KeyedServer : IAsyncLifetime
    {
        public const string Key = "a-secret-key";

        internal RunningServer Server { get; private set; } = null!;

        public async Task InitializeAsync() => Server = await RunningServer.StartAsync(RunningServer.Options with { ApiKeys = [Key] });

        public async Task DisposeAsync() => await Server.DisposeAsync();
    }
}
