using SteeringServer.Benchmarks.Soak;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests;

/// <summary>A small run of the soak benchmark: what was held is given back.</summary>
public sealed class SoakTests
{
    [Fact]
    public async Task Mixed_requests_with_disconnects_leave_memory_kv_blocks_and_handles_where_they_were()
    {
        await using var server = await RunningServer.StartAsync();
        async Task<Holdings> RoundAsync(int requests, int seed)
        {
            using (var mixed = new MixedRequests(server.Address, server.GrpcAddress!)) await mixed.SendAsync(requests, concurrency: 24, seed);
            return await Holdings.TakeAsync(server.Counters);
        }

        var before = await RoundAsync(700, seed: 1);
        var after = await RoundAsync(700, seed: 2);

        Assert.Equal((0, before.FreeBlocks, 0), (after.Sequences, after.FreeBlocks, after.Directions));
        Assert.InRange(after.Handles, 0, before.Handles + 5);
        Assert.InRange(after.Managed, 0, before.Managed + (2 << 20)); // 700 requests that leak 3 KB each would be more
    }
}
