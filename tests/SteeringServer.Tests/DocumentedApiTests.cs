using System.Text.RegularExpressions;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Steering.Engine.Interventions;
using Steering.Engine.Vectors;
using Steering.Tests;
using SteeringServer.Errors;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests;

/// <summary>
/// docs/api.md shows every route and every RPC, and what it shows is what the server answers. With STEERING_WRITE_DOCS=1 its outputs are replaced by the real ones, shortened where they are now.
/// </summary>
public sealed partial class DocumentedApiTests
{
    private const string Chapter = "\n## gRPC\n";
    private static readonly DocumentedExamples Document = new(Repository.PathTo("docs", "api.md"));

    [SkippableFact]
    public async Task Every_example_prints_what_is_shown_and_every_route_and_call_has_one()
    {
        Skip.IfNot(ExternalProgram.Exists("bash") && ExternalProgram.Exists("curl") && ExternalProgram.Exists("node"), "needs the programs bash, curl and node");
        Skip.IfNot(Directory.Exists(Repository.PathTo("examples", "grpc", "node", "node_modules", "@grpc")), "needs the npm packages of @grpc: run npm ci in examples/grpc/node");
        string help = (await ExternalProgram.RunAsync("curl", ["--help", "all"])).Output;
        Skip.IfNot(help.Contains("--json", StringComparison.Ordinal), "needs curl 7.82 or newer, which has --json");

        using var folder = new TemporaryFolder();
        Directory.CreateSymbolicLink(folder.File("examples"), Repository.PathTo("examples"));
        var called = new HashSet<string?>();
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = null, Models = [RunningServer.Storyworld, RunningServer.Storyworld with { Name = "spare", IsOnDemand = true }] }, configure: app => app.Use((context, next) =>
        {
            if (context.GetEndpoint() is { } endpoint) lock (called) called.Add(endpoint.DisplayName);
            return next(context);
        }));
        (string, string)[] environment = [("SERVER", server.Address.ToString().TrimEnd('/')), ("STEERING_GRPC", server.GrpcAddress!.Authority), ("NO_PROXY", "*")];
        var outputs = new List<string>();
        var wrong = new List<string>();
        foreach (var example in Document.All)
        {
            var result = await ExternalProgram.RunAsync("bash", ["-c", example.Script], folder.Path, environment);
            outputs.Add(Elision.Print(example.Language, example.Output, result.Output));
            if (!Elision.Allows(example.Language, example.Output, result.Output)) wrong.Add($"line {example.Line}:\n{example.Script}prints\n{result.Output}\n{result.Errors}");
        }

        if (Environment.GetEnvironmentVariable("STEERING_WRITE_DOCS") == "1") Document.Write(outputs);
        else Assert.True(wrong.Count == 0, $"{wrong.Count} examples of docs/api.md print something else:\n{string.Join("\n", wrong)}");
        Assert.Empty(server.Services.GetRequiredService<EndpointDataSource>().Endpoints.Where(endpoint => !IsReflection(endpoint)).Select(endpoint => endpoint.DisplayName).Except(called));
    }

    [Fact]
    public void The_tables_of_errors_and_conventions_are_those_of_the_server()
    {
        string http = Document.Text[..Document.Text.IndexOf(Chapter, StringComparison.Ordinal)];

        Assert.Equal(Constants.Of(typeof(ErrorCode), typeof(SteeringProblemCode)).Order(), Rows(http[http.IndexOf("\n## Errors\n", StringComparison.Ordinal)..]).Order());
        Assert.Equal(VectorConvention.All.Select(convention => $"| `{convention.Name}` | {convention.MeasuredAt} | {convention.PutAt} | {convention.Source} |"),
            Document.Text.Split('\n').Where(line => VectorConvention.All.Any(convention => line.StartsWith($"| `{convention.Name}` | {convention.MeasuredAt}", StringComparison.Ordinal))));
    }

    // Its protocol is one for tools, which bring their own messages.
    private static bool IsReflection(Endpoint endpoint) => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.ServiceName.StartsWith("grpc.reflection.", StringComparison.Ordinal) == true;

    private static IEnumerable<string> Rows(string text) => Row().Matches(text).Select(row => row.Groups[1].Value);

    [GeneratedRegex(@"^\| `([a-z_0-9]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
