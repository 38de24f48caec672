using Steering.Compute;

namespace Steering.Tests;

public sealed class ComputeTurnsTests
{
    [Fact]
    public void Turns_come_in_the_order_they_were_asked_for_and_never_two_at_once()
    {
        var turns = new ComputeTurns();
        var order = new List<int>();
        int inside = 0;
        turns.Enter();
        var threads = new List<Thread>();
        for (int i = 0; i < 8; i++)
        {
            int mine = i;
            var thread = new Thread(() =>
            {
                turns.Enter();
                Assert.Equal(1, Interlocked.Increment(ref inside));
                order.Add(mine);
                Interlocked.Decrement(ref inside);
                turns.Exit();
            });
            thread.Start();
            threads.Add(thread);
            while ((thread.ThreadState & ThreadState.WaitSleepJoin) == 0) Thread.Sleep(1); // it has asked
        }
        turns.Exit();
        foreach (var thread in threads) thread.Join();

        Assert.Equal(Enumerable.Range(0, 8), order);
    }

    [Fact]
    public void Two_who_never_pause_both_go_on()
    {
        var turns = new ComputeTurns();
        var counts = new long[2];
        bool stop = false;
        var threads = Enumerable.Range(0, 2).Select(i => new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                turns.Enter();
                counts[i]++;
                turns.Exit();
            }
        })).ToList();
        foreach (var thread in threads) thread.Start();
        Thread.Sleep(300);
        Volatile.Write(ref stop, true);
        foreach (var thread in threads) thread.Join();

        // Both ask again at once, so they alternate; alone on the machine one may run before the other has started.
        Assert.InRange(counts.Min(), 100, long.MaxValue);
    }
}
