using Steering.Compute;

namespace Steering.Tests;

public sealed class ComputePoolTests
{
    private readonly unsafe struct MarkJob(int* marks) : IJob
    {
        public void Run(int first, int last)
        {
            for (int i = first; i < last; i++) Interlocked.Increment(ref marks[i]);
        }
    }

    private readonly struct FailJob(int at) : IJob
    {
        public void Run(int first, int last)
        {
            if (first <= at && at < last) throw new InvalidOperationException("broken item");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public unsafe void Every_item_is_done_once_in_every_of_many_forks(int threads)
    {
        using var pool = new ComputePool(threads);
        using var marks = new DeviceBuffer(1000 * sizeof(int));
        for (int round = 1; round <= 300; round++)
        {
            pool.Run(new MarkJob((int*)marks.Address), 1000);
            if (round % 100 == 0) Thread.Sleep(20); // long enough for workers to park
        }
        Assert.All(marks.Span<int>().ToArray(), count => Assert.Equal(300, count));
    }

    [Fact]
    public unsafe void A_fork_allocates_nothing()
    {
        using var pool = new ComputePool(2);
        using var marks = new DeviceBuffer(1000 * sizeof(int));
        var job = new MarkJob((int*)marks.Address);
        for (int i = 0; i < 100; i++) pool.Run(job, 1000);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 1000; i++) pool.Run(job, 1000);
        }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999)]
    public void A_failing_item_fails_the_fork_and_the_pool_lives_on(int item)
    {
        using var pool = new ComputePool(2);
        var error = Assert.Throws<InvalidOperationException>(() => pool.Run(new FailJob(item), 1000));
        Assert.Equal("broken item", error.InnerException!.Message);
        pool.Run(new FailJob(-1), 1000);
    }
}
