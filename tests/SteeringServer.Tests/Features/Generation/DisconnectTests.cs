using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Generation;

public sealed class DisconnectTests
{
    private const int Attempts = 10;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_frees_its_places_within_two_steps(bool stream)
    {
        // Steps and sequences at the moment the server learns of it; when that is, the network and the machine's load decide.
        (long Steps, int Running) noticed = default;
        RunningServer server = null!;
        server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = 4 }, configure: app => app.Use((context, next) =>
        {
            context.RequestAborted.Register(() => noticed = (server.Counters.Steps, server.Counters.Running));
            return next(context);
        }));
        await using var _ = server;

        for (int attempt = 0; noticed.Running == 0; attempt++)
        {
            Assert.True(attempt < Attempts, "the machine is too busy: each time all was generated before the server heard that its client had left");
            await LeaveAsync(server, stream);
            await Eventually.TrueAsync(() => server.Counters.Running == 0 && server.Counters.Waiting == 0, "the places are free", TimeSpan.FromMinutes(1));
        }

        // Nothing else runs, so the engine has stood still since.
        Assert.InRange(server.Counters.Steps - noticed.Steps, 0, 2);
        Assert.Equal(200, (int)(await server.PostAsync(Api.Completions, """{"prompt": "Once", "max_tokens": 1}""")).Status);
    }

    [Fact]
    public async Task Once_cancelled_a_sequence_is_gone_within_two_steps()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = 4 });
        var generation = server.Served.Engine.Submit(new() { Id = "leaving", Prompt = [0, 5], MaxTokens = 500 });
        await Eventually.TrueAsync(() => server.Counters.Running == 1 && server.Counters.Steps > 3, "it runs");

        long at = server.Counters.Steps;
        generation.Cancel();
        await Eventually.TrueAsync(() => server.Counters.Running == 0, "it is gone");

        Assert.InRange(server.Counters.Steps - at, 0, 2);
    }

    private static async Task LeaveAsync(RunningServer server, bool stream)
    {
        string body = $$"""{"prompt": "Once", "max_tokens": 500, "ignore_eos": true, "n": 3, "stream": {{(stream ? "true" : "false")}} }""";
        string head = $"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + body));
        await Eventually.TrueAsync(() => server.Counters.Running > 0, "it runs");
    }
}
