using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Steering.Tests;
using SteeringServer.Hosting;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Hosting;

/// <summary>The server as its users start and stop it: a process with arguments, a screen, signals and exit codes.</summary>
public sealed class ProcessTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "SteeringServer.dll");

    [Fact]
    public async Task It_says_what_it_is_and_what_it_takes()
    {
        Assert.Equal((0, CommandLine.Help() + "\n", ""), Of(await ExternalProgram.RunAsync("dotnet", [Program, "--help"])));
        Assert.Equal((0, $"SteeringServer {CommandLine.Version}\n", ""), Of(await ExternalProgram.RunAsync("dotnet", [Program, "--version"])));
    }

    [Fact]
    public async Task An_address_others_can_reach_needs_a_key()
    {
        var result = await ExternalProgram.RunAsync("dotnet", [Program, "--http", "0.0.0.0:0"]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("--api-key", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_not_there_ends_it_with_1_and_says_where_it_looked()
    {
        var result = await ExternalProgram.RunAsync("dotnet", [Program, "--http", "127.0.0.1:0", "--grpc", "off", "--model", "no/such/model"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no/such/model", result.Errors, StringComparison.Ordinal);
        Assert.Contains("--model", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--http", "--grpc")]
    [InlineData("--grpc", "--http")]
    public async Task A_port_that_is_taken_ends_it_with_1_and_names_its_option(string taken, string free)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        using var data = new TemporaryFolder();

        var result = await ExternalProgram.RunAsync("dotnet", [Program, taken, $"{other.LocalEndpoint}", free, "127.0.0.1:0", "--data", data.Path], Repository.Root);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"Choose another address with {taken} <host:port>", result.Errors, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task It_prints_where_it_listens_serves_and_drains_on_sigterm()
    {
        Skip.IfNot(ExternalProgram.Exists("sh"), "needs the program sh");
        using var data = new TemporaryFolder();
        var watch = Stopwatch.StartNew();
        using var server = await ServerProcess.StartAsync(data.Path, ["--max-sequences", "32"]);
        var started = watch.Elapsed;
        using var request = Api.Request(Api.Completions, """{"prompt": "Once", "max_tokens": 500, "ignore_eos": true, "n": 24, "stream": true, "logprobs": 5}""", []);
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await ExternalProgram.RunAsync("sh", ["-c", $"kill -TERM {server.Process.Id}"]);
        string events = await response.Content.ReadAsStringAsync();
        await server.Process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.EndsWith("data: [DONE]\n\n", events, StringComparison.Ordinal);
        Assert.Equal(24, events.Split("\"finish_reason\":\"length\"").Length - 1);
        Assert.Equal(0, server.Process.ExitCode);
        foreach (string part in new[] { "storyworld", "8 blocks", "width 256", "bf16", "17 (", "curl http://127.0.0.1:" }) Assert.Contains(part, server.Screen, StringComparison.Ordinal);
        Assert.Matches(@"grpc +127\.0\.0\.1:\d+\n", server.Screen);
        Assert.True(started < TimeSpan.FromSeconds(20), $"ready after {started.TotalSeconds:0.0} s");
    }

    private static (int, string, string) Of(ProgramResult result) => (result.ExitCode, result.Output, result.Errors);
}
