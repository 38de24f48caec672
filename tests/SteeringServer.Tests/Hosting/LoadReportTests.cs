using Microsoft.Extensions.Logging;
using Steering.Engine.Running;
using SteeringServer.Hosting;

namespace SteeringServer.Tests.Hosting;

/// <summary>What is seen of a load: nothing of a short one, a line on a terminal, a log line for each quarter elsewhere.</summary>
public sealed class LoadReportTests
{
    private readonly StringWriter _screen = new();
    private readonly Lines _log = new();
    private readonly Clock _clock = new();

    private void Load(LoadReport report, double seconds)
    {
        for (int i = 1; i <= 20; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(seconds / 20));
            report.Report(new LoadProgress(i * 100L << 20, 2000L << 20));
        }
    }

    [Fact]
    public void A_short_load_is_silent()
    {
        foreach (bool isTerminal in new[] { true, false }) Load(new LoadReport("m", _log, _screen, isTerminal, _clock), 0.9);

        Assert.Equal("", _screen.ToString());
        Assert.Empty(_log.Said);
    }

    [Fact]
    public void On_a_terminal_one_line_is_written_anew_and_cleared()
    {
        var report = new LoadReport("m", _log, _screen, isTerminal: true, _clock);
        Load(report, 10);
        report.Clear();

        string[] lines = _screen.ToString().Split('\r', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("m: 10 % of 2000 MiB, 0.21 GB/s   ", lines[0]);
        Assert.Equal("m: 100 % of 2000 MiB, 0.21 GB/s   ", lines[^2]);
        Assert.Equal("\e[K", lines[^1]);
        Assert.DoesNotContain('\n', _screen.ToString());
        Assert.Empty(_log.Said);
    }

    [Fact]
    public void Elsewhere_the_log_has_a_line_for_each_quarter()
    {
        Load(new LoadReport("m", _log, _screen, isTerminal: false, _clock), 10);

        Assert.Equal(["Loading m: 25 % of 2000 MiB, 0.21 GB/s", "Loading m: 50 % of 2000 MiB, 0.21 GB/s", "Loading m: 75 % of 2000 MiB, 0.21 GB/s"], _log.Said);
        Assert.Equal("", _screen.ToString());
    }

    private sealed class Clock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }

    private sealed class Lines : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Said.Add(formatter(state, exception));
    }
}
