using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using Steering.V1;
using SteeringServer.Hosting;
using SteeringServer.Tests.Fixtures;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace SteeringServer.Tests.Grpc;

public sealed class HealthServiceTests
{
    private static readonly string[] Known = ["", "steering.v1.Generation", "steering.v1.VectorRegistry", "steering.v1.Models", "steering.v1.Attributions", "steering.v1.Datasets", "steering.v1.Extractions", "google.longrunning.Operations", "model:storyworld"];

    [Fact]
    public async Task Health_goes_from_loading_to_serving_to_draining()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { Drain = TimeSpan.FromMinutes(3) }, waitsForModel: false);
        bool wasLoading = server.Services.GetRequiredService<Serving>().State == "loading";
        var health = new Health.HealthClient(server.Channel);
        using var watch = health.Watch(new HealthCheckRequest { Service = "model:storyworld" });
        using var unknown = health.Watch(new HealthCheckRequest { Service = "no.such.Service" });
        var seen = new List<ServingStatus>();
        var watching = Task.Run(async () =>
        {
            await foreach (var status in watch.ResponseStream.ReadAllAsync()) lock (seen) seen.Add(status.Status);
        });
        if (wasLoading)
        {
            var refused = await Record.ExceptionAsync(() => server.Generation().GenerateAsync(new GenerateRequest { Prompt = { Rpc.Text("Once") }, MaxTokens = 1 }).ResponseAsync);
            if (refused is RpcException loading) Assert.Equal(StatusCode.Unavailable, loading.StatusCode); // it may be there by now
        }
        await Eventually.TrueAsync(() => server.Services.GetRequiredService<Serving>().IsReady, "the model is loaded", TimeSpan.FromMinutes(1));

        foreach (string service in Known) Assert.Equal(ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest { Service = service })).Status);
        var all = (await health.ListAsync(new HealthListRequest())).Statuses;
        Assert.Equal(Known.Order(StringComparer.Ordinal), all.Keys.Order(StringComparer.Ordinal));
        Assert.All(all.Values, status => Assert.Equal(ServingStatus.Serving, status.Status));
        Assert.Equal(StatusCode.NotFound, (await Rpc.RefusedAsync(() => health.CheckAsync(new HealthCheckRequest { Service = "model:other" }).ResponseAsync)).Code);
        Assert.True(await unknown.ResponseStream.MoveNext());
        Assert.Equal(ServingStatus.ServiceUnknown, unknown.ResponseStream.Current.Status);
        await Eventually.TrueAsync(() => { lock (seen) return seen.Contains(ServingStatus.Serving); }, "the watcher knows that it serves");

        using var running = server.Generation().GenerateStream(new GenerateStreamRequest { Prompt = { Rpc.Text("Once") }, N = 24, MaxTokens = 500, IgnoreEos = true, Logprobs = true, TopLogprobs = 5 });
        Assert.True(await running.ResponseStream.MoveNext());
        var stopping = server.StopAsync();
        var draining = await Rpc.RefusedAsync(() => server.Generation().GenerateAsync(new GenerateRequest { Prompt = { Rpc.Text("Once") } }).ResponseAsync);
        var status = await health.CheckAsync(new HealthCheckRequest { Service = "steering.v1.Generation" });
        bool wasRunning = !stopping.IsCompleted;
        var rest = await running.ResponseStream.ReadAllAsync().ToListAsync();
        await watching;
        await stopping;

        Assert.True(wasRunning, "the answers came while it drained");
        Assert.Equal((StatusCode.Unavailable, "DRAINING", 1L), (draining.Code, draining.Info!.Reason, draining.RetryDelay!.Seconds));
        Assert.Equal(ServingStatus.NotServing, status.Status);
        Assert.Equal(24 * 500, rest[^1].End.Usage.CompletionTokens);
        Assert.Equal(wasLoading && seen.Count == 3 ? [ServingStatus.NotServing, ServingStatus.Serving, ServingStatus.NotServing] : [ServingStatus.Serving, ServingStatus.NotServing], seen);
    }

    [Fact]
    public async Task When_the_drain_time_is_over_a_stream_ends_with_unavailable()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { Drain = TimeSpan.Zero });
        var running = server.StreamAsync(new GenerateStreamRequest { Prompt = { Rpc.Text("Once") }, N = 24, MaxTokens = 500, IgnoreEos = true });
        await Eventually.TrueAsync(() => server.Counters.Running > 0, "the stream runs");

        await server.StopAsync();

        Assert.Equal((StatusCode.Unavailable, "DRAINING"), await Rpc.RefusedAsync(() => running) is var refused ? (refused.Code, refused.Info!.Reason) : default);
    }
}
