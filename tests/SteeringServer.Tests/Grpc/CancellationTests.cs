using Google.Protobuf;
using Grpc.Core;
using Steering.Engine.Running;
using Steering.V1;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Grpc;

/// <summary>Whoever leaves frees what it held, and whoever dawdles holds up nobody.</summary>
public sealed class CancellationTests
{
    private static readonly GenerateRequest Long = new() { Prompt = { Rpc.Text("Once") }, MaxTokens = 500, IgnoreEos = true, N = 4 };

    [Fact]
    public async Task A_call_that_is_cancelled_or_late_frees_its_places_and_memory()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = 4 });
        int free = server.Counters.FreeBlocks;
        var client = server.Generation();

        foreach (bool isLate in new[] { false, true })
        {
            foreach (bool isStream in new[] { false, true })
            {
                using var leaving = new CancellationTokenSource();
                var options = isLate ? new CallOptions(deadline: DateTime.UtcNow.AddMilliseconds(50)) : new CallOptions(cancellationToken: leaving.Token);
                Task call = isStream ? client.GenerateStream(Rpc.Streamed(Long), options).ResponseStream.ReadAllAsync().ToListAsync().AsTask() : client.GenerateAsync(Long, options).ResponseAsync;
                if (!isLate)
                {
                    await Eventually.TrueAsync(() => server.Counters.Running > 0, "it runs");
                    await leaving.CancelAsync();
                }
                var refused = await Assert.ThrowsAsync<RpcException>(() => call);

                // The client library calls its own abort UNAVAILABLE where its reader notices first.
                Assert.True(isLate ? refused.StatusCode == StatusCode.DeadlineExceeded : refused.StatusCode is StatusCode.Cancelled or StatusCode.Unavailable, $"{refused}");
                await Eventually.TrueAsync(() => IsIdle(server.Counters, free), "its places and memory are free");
                Assert.True(server.Counters.GeneratedTokens < 2000 * 4, "the rest was not generated");
            }
        }
        Assert.Equal(1, (await client.GenerateAsync(new GenerateRequest { Prompt = { Rpc.Text("Once") }, MaxTokens = 1 })).Usage.CompletionTokens);
    }

    [Fact]
    public async Task A_thousand_streams_open_and_leave_without_a_trace()
    {
        const int Streams = 1000;
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { MaxSequences = 16, Queue = Streams });
        int free = server.Counters.FreeBlocks;
        var client = server.Generation();
        var request = Rpc.Streamed(Long);
        request.N = 1;

        var calls = Enumerable.Range(0, Streams).Select(_ => client.GenerateStream(request)).ToList();
        var first = calls.Select(call => call.ResponseStream.MoveNext()).ToList(); // the start comes before the first token
        Assert.DoesNotContain(false, await Task.WhenAll(first));
        await Eventually.TrueAsync(() => server.Counters.Running + server.Counters.Waiting > Streams / 2, "most of them run or wait");
        foreach (var call in calls) call.Dispose();

        await Eventually.TrueAsync(() => IsIdle(server.Counters, free), "nothing runs, nothing waits, all memory is free", TimeSpan.FromSeconds(30));
        Assert.Equal(1, (await client.GenerateAsync(new GenerateRequest { Prompt = { Rpc.Text("Once") }, MaxTokens = 1 })).Usage.CompletionTokens);
    }

    [Fact]
    public async Task A_reader_that_does_not_read_stalls_nobody_and_loses_nothing()
    {
        await using var server = await RunningServer.StartAsync();
        var request = new GenerateStreamRequest { Prompt = { Rpc.Text("Once") }, MaxTokens = 500, IgnoreEos = true, N = 16, Logprobs = true, TopLogprobs = 20 };
        using var slow = server.Generation().GenerateStream(request);
        Assert.True(await slow.ResponseStream.MoveNext());

        var other = await server.Generation().GenerateAsync(new GenerateRequest { Prompt = { Rpc.Text("Once") }, MaxTokens = 50, IgnoreEos = true });
        await Eventually.TrueAsync(() => server.Counters.Running == 0, "the engine has finished what nobody reads", TimeSpan.FromMinutes(1));
        await Task.Delay(TimeSpan.FromSeconds(7)); // longer than the server waits for clients that are too slow for HTTP/1.1
        var rest = await slow.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Equal(50, other.Usage.CompletionTokens);
        Assert.Equal(16 * 500, rest[^1].End.Usage.CompletionTokens);
        Assert.True(rest.Sum(news => news.CalculateSize()) > 1 << 20, "more than the connection holds was waiting");
    }

    private static bool IsIdle(EngineCounters counters, int freeBlocks) => counters.Running == 0 && counters.Waiting == 0 && counters.FreeBlocks == freeBlocks;
}
