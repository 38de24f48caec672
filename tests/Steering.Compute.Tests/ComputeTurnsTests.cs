using System.Diagnostics;
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
            while ((thread.ThreadState & System.Threading.ThreadState.WaitSleepJoin) == 0) Thread.Sleep(1); // it has asked
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

    [Fact]
    public void Background_work_has_every_turn_while_others_pause()
    {
        var turns = new ComputeTurns();
        turns.Enter();
        turns.Exit();
        var clock = Stopwatch.StartNew();
        var waited = TimeSpan.Zero;
        turns.Run(() => waited = clock.Elapsed, inBackground: true);
        for (int i = 0; i < 1000; i++) turns.Run(() => { }, inBackground: true);

        Assert.InRange(waited, ComputeTurns.Pause * 0.9, TimeSpan.FromSeconds(10));
        Assert.InRange(clock.Elapsed - waited, TimeSpan.Zero, ComputeTurns.Pause * 20); // a thousand pauses would be 50 seconds
    }

    [Fact]
    public void Background_work_has_few_turns_and_little_time_where_others_never_pause_and_is_not_forgotten()
    {
        var turns = new ComputeTurns();
        long foreground = 0, background = 0;
        double foregroundTime = 0, backgroundTime = 0;
        bool stop = false;
        Thread[] threads =
        [
            new(() => Take(false, TimeSpan.FromMilliseconds(1), ref foreground, ref foregroundTime)),
            new(() => Take(true, TimeSpan.FromMilliseconds(5), ref background, ref backgroundTime)),
        ];
        foreach (var thread in threads) thread.Start();
        Thread.Sleep(2000);
        Volatile.Write(ref stop, true);
        foreach (var thread in threads) thread.Join();

        Assert.InRange(background, 2, long.MaxValue);
        Assert.True(background <= 2 + 2000 / 200, $"{background} turns in two seconds");
        Assert.True(backgroundTime <= 0.1 * (foregroundTime + backgroundTime), $"{backgroundTime:f0} of {foregroundTime + backgroundTime:f0} ms");

        void Take(bool inBackground, TimeSpan length, ref long count, ref double time)
        {
            while (!Volatile.Read(ref stop))
            {
                double spent = 0;
                turns.Run(() =>
                {
                    var clock = Stopwatch.StartNew();
                    while (clock.Elapsed < length) { }
                    spent = clock.Elapsed.TotalMilliseconds;
                }, inBackground);
                time += spent;
                count++;
            }
        }
    }
}
