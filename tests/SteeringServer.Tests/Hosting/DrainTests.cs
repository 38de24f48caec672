using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SteeringServer.Hosting;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Hosting;

public sealed class DrainTests
{
    private const string Long = """{"prompt": "Once", "max_tokens": 500, "ignore_eos": true, "n": 24, "stream": true, "logprobs": 5}""";

    [Fact]
    public async Task Running_streams_finish_while_new_requests_and_probes_get_503()
    {
        await using var server = await RunningServer.StartAsync();
        var running = server.StreamAsync(Api.Completions, Long);
        await Eventually.TrueAsync(() => server.Counters.Running > 0, "the stream runs");

        var stopping = server.StopAsync();
        var ready = await server.GetAsync("/health/ready");
        var live = await server.GetAsync("/health/live");
        var refused = await server.PostAsync(Api.Completions, """{"prompt": "Once"}""");
        bool wasRunning = !stopping.IsCompleted;
        var events = await running;
        await stopping;

        Assert.True(wasRunning, "the answers came while it drained");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (ready.Status, live.Status));
        Assert.Equal("draining", ready.Json.GetProperty("status").GetString());
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "server_error", "draining"), (refused.Status, refused.Error.Type, refused.Error.Code));
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal("[DONE]", events[^1]);
        Assert.Equal(24, events.Count(data => data.Contains("\"finish_reason\":\"length\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task When_the_drain_time_is_over_streams_are_told_and_closed()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { Drain = TimeSpan.Zero });
        var running = server.StreamAsync(Api.Completions, Long);
        await Eventually.TrueAsync(() => server.Counters.Running > 0, "the stream runs");

        await server.StopAsync();
        var events = await running;

        Assert.Equal("[DONE]", events[^1]);
        Assert.Equal("draining", Api.Parse(events[^2]).GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task While_the_model_loads_everything_but_health_says_so()
    {
        await using var server = await RunningServer.StartAsync(waitsForModel: false);
        var serving = server.Services.GetRequiredService<Serving>();
        if (serving.IsReady) return; // loaded before we could ask

        var reply = await server.PostAsync(Api.Completions, """{"prompt": "Once"}""");

        if (reply.Status != HttpStatusCode.OK) Assert.Equal((HttpStatusCode.ServiceUnavailable, "loading"), (reply.Status, reply.Error.Code));
        await Eventually.TrueAsync(() => serving.IsReady, "the model is loaded");
    }

    [Fact]
    public async Task A_full_queue_refuses_with_429_and_keeps_serving()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = 2, Queue = 1 });
        const string Slow = """{"prompt": "Once", "max_tokens": 500, "ignore_eos": true, "n": 3}""";

        var first = server.PostAsync(Api.Completions, Slow);
        await Eventually.TrueAsync(() => server.Counters.Running == 2, "the place is full");
        var refused = await server.PostAsync(Api.Completions, """{"prompt": "Once"}""");
        var answered = await first;

        Assert.Equal(HttpStatusCode.OK, answered.Status);
        Assert.Equal((HttpStatusCode.TooManyRequests, "rate_limit_error", "queue_full"), (refused.Status, refused.Error.Type, refused.Error.Code));
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync(Api.Completions, """{"prompt": "Once"}""")).Status);
    }
}
