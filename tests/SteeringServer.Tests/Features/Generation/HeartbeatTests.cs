using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Generation;

public sealed class HeartbeatTests
{
    [Fact]
    public async Task A_stream_that_waits_gives_signs_of_life()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = 1, Heartbeat = TimeSpan.FromMilliseconds(50) });
        var busy = server.PostAsync(Api.Completions, """{"prompt": "Once", "max_tokens": 500, "ignore_eos": true, "n": 8}""");
        await Eventually.TrueAsync(() => server.Counters.Running == 1, "the place is taken");

        using var request = Api.Request(Api.Completions, """{"prompt": "Once", "max_tokens": 2, "stream": true}""", []);
        using var response = await server.Http.SendAsync(request);
        string events = await response.Content.ReadAsStringAsync();
        await busy;

        Assert.StartsWith(": heartbeat\n\n", events, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", events, StringComparison.Ordinal);
    }
}
