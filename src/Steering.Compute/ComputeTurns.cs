using System.Diagnostics;

namespace Steering.Compute;

/// <summary>
/// Lets those who share a <see cref="ComputePool"/> use it one after the other, in the order they asked: an engine takes a turn for each step, a load for each tensor (docs/decisions.md 34).
/// Work that nobody waits for takes its turns where the others pause, and a small share where they never do.
/// </summary>
/// <remarks>Not reentrant. Where nobody else asks, a turn costs two uncontended locks.</remarks>
public sealed class ComputeTurns
{
    /// <summary>Others are pausing when none of them has had a turn for so long; what comes between two requests of one client is no pause.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // Where others never pause, turns in the background take no more than one part in so many of the time, and come no sooner than so long after the last: of requests that are over in milliseconds fewer than one in
    // twenty is met by one, and of longer ones each gives up a twentieth of its time.
    private const int ShareOfTime = 20;
    private static readonly long s_pause = Ticks(Pause), s_between = Ticks(TimeSpan.FromMilliseconds(200));

    private readonly object _gate = new();
    private long _next, _current;
    private int _present;
    private long _lastForeground, _backgroundBegan, _backgroundEnded = Stopwatch.GetTimestamp(), _backgroundTook;

    /// <summary>Waits for its turn.</summary>
    public void Enter()
    {
        lock (_gate)
        {
            _present++;
            Wait();
        }
    }

    /// <summary>Ends the turn; the one who asked first goes on.</summary>
    public void Exit()
    {
        lock (_gate)
        {
            _present--;
            _lastForeground = Stopwatch.GetTimestamp();
            Pass();
        }
    }

    /// <summary>Does something in a turn.</summary>
    /// <param name="inBackground">Nobody waits for it: it begins where the others pause, or have had their share.</param>
    public void Run(Action work, bool inBackground = false)
    {
        if (inBackground) EnterBackground();
        else Enter();
        try
        {
            work();
        }
        finally
        {
            if (inBackground) ExitBackground();
            else Exit();
        }
    }

    /// <summary>Waits until the others pause, or have had their share, and then for its turn.</summary>
    public void EnterBackground()
    {
        lock (_gate)
        {
            // Seldom looked at: whoever wakes takes a core from those who compute.
            while (UntilBackground(Stopwatch.GetTimestamp()) is var ticks and > 0) Monitor.Wait(_gate, TimeSpan.FromMilliseconds(1) + TimeSpan.FromSeconds((double)ticks / Stopwatch.Frequency));
            Wait();
            _backgroundBegan = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Ends a turn in the background.</summary>
    public void ExitBackground()
    {
        lock (_gate)
        {
            _backgroundEnded = Stopwatch.GetTimestamp();
            _backgroundTook = _backgroundEnded - _backgroundBegan;
            Pass();
        }
    }

    /// <summary>Ticks until a background turn may begin, as far as is known now; 0: it may.</summary>
    private long UntilBackground(long now)
    {
        long untilPause = _present == 0 ? _lastForeground + s_pause - now : s_pause;
        long untilShare = _backgroundEnded + Math.Max(s_between, (ShareOfTime - 1) * _backgroundTook) - now;
        return Math.Max(0, Math.Min(untilPause, untilShare));
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private void Wait()
    {
        long mine = _next++;
        while (_current != mine) Monitor.Wait(_gate);
    }

    private void Pass()
    {
        _current++;
        if (_current != _next) Monitor.PulseAll(_gate);
    }
}
