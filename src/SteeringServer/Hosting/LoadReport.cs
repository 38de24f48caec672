using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Steering.Engine.Running;

namespace SteeringServer.Hosting;

/// <summary>
/// Shows how far a load has come: on a terminal as a line that is written anew, elsewhere as a log line for every quarter; nothing for loads that are over in a moment.
/// </summary>
internal sealed class LoadReport(string model, ILogger log, TextWriter screen, bool isTerminal, TimeProvider clock) : IProgress<LoadProgress>
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1), Between = TimeSpan.FromMilliseconds(100);
    private readonly long _started = clock.GetTimestamp();
    private TimeSpan _last;
    private long _quarters;
    private bool _hasLine;

    public LoadReport(string model, ILogger log, TimeProvider clock) : this(model, log, Console.Error, !Console.IsErrorRedirected, clock)
    {
    }

    public void Report(LoadProgress value)
    {
        var elapsed = clock.GetElapsedTime(_started);
        if (elapsed < Moment || value.Total == 0) return;
        if (!isTerminal)
        {
            long quarters = 4 * value.Done / value.Total;
            if (quarters <= _quarters || quarters == 4) return;
            _quarters = quarters;
            LoadingLog.Progress(log, model, Text(value, elapsed));
            return;
        }
        if (elapsed - _last < Between) return;
        _last = elapsed;
        _hasLine = true;
        screen.Write($"\r{model}: {Text(value, elapsed)}   ");
    }

    /// <summary>Clears the line and says in the log what was loaded, how fast, and what the process holds.</summary>
    public void Done(LoadedModel loaded, long storedBytes)
    {
        Clear();
        double seconds = clock.GetElapsedTime(_started).TotalSeconds;
        using var process = Process.GetCurrentProcess();
        // Quantised blocks that no kernel reads as they are have been widened to int8 with scales: here it is said.
        string stored = string.Join(", ", loaded.StoredTypes.Select(type => $"{type.Key} x {type.Value}"));
        LoadingLog.Loaded(log, model, seconds, Mebibytes(storedBytes), stored, loaded.KeptTypes, Mebibytes(loaded.WeightBytes), Mebibytes(process.WorkingSet64));
    }

    /// <summary>Removes the line, where there is one.</summary>
    public void Clear()
    {
        if (!_hasLine) return;
        screen.Write("\r\e[K");
        _hasLine = false;
    }

    private static string Text(LoadProgress value, TimeSpan elapsed) => string.Create(CultureInfo.InvariantCulture,
        $"{100 * value.Done / value.Total} % of {Mebibytes(value.Total)} MiB, {value.Done / elapsed.TotalSeconds / 1e9:0.00} GB/s");

    private static string Mebibytes(long bytes) => (bytes / 1048576.0).ToString(bytes < 100L << 20 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
