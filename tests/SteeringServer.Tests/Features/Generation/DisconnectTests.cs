using System.Net.Sockets;
using System.Text;
using SteeringServer.Hosting;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Generation;

public sealed class DisconnectTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_frees_its_place_within_two_steps(bool stream)
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = 4 });
        // A second client keeps the engine stepping, so that steps can be counted while the first one's place becomes free.
        using var staying = new CancellationTokenSource();
        var other = KeepBusyAsync(server, staying.Token);

        string body = $$"""{"prompt": "Once", "max_tokens": 500, "ignore_eos": true, "n": 3, "stream": {{(stream ? "true" : "false")}} }""";
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(server.Address.Host, server.Address.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            await Eventually.TrueAsync(() => server.Counters.Running >= 3, "three sequences run");
        }
        long left = server.Counters.Steps;
        await Eventually.TrueAsync(() => server.Counters.Running <= 1, "their places are free");
        long steps = server.Counters.Steps - left;
        await staying.CancelAsync();
        await other;

        // The network tells of the disconnection in its own time; 500 tokens were asked for. What the engine does about it is exact, see below.
        Assert.True(steps < 200, $"{steps} steps after the connection was closed");
    }

    [Fact]
    public async Task Once_cancelled_a_sequence_is_gone_within_two_steps()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = 4 });
        var served = server.Served;
        var generation = served.Engine.Submit(new() { Id = "leaving", Prompt = [0, 5], MaxTokens = 500 });
        await Eventually.TrueAsync(() => server.Counters.Running == 1 && server.Counters.Steps > 3, "it runs");

        generation.Cancel();
        long at = server.Counters.Steps;
        await Eventually.TrueAsync(() => server.Counters.Running == 0, "it is gone");

        Assert.InRange(server.Counters.Steps - at, 0, 2);
    }

    private static async Task KeepBusyAsync(RunningServer server, CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                using var request = Api.Request(Api.Completions, """{"prompt": "The", "max_tokens": 400, "ignore_eos": true}""", []);
                using var response = await server.Http.SendAsync(request, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the test.
        }
    }
}
