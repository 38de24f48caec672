using Steering.Methods.Extraction;
using Wire = Steering.V1;

namespace SteeringServer.Features.Extraction;

/// <summary>Makes of stages and units how much of the work is done, and how long the rest will take.</summary>
/// <param name="costs">What each stage costs, in the order of the metadata's stages.</param>
internal sealed class ExtractionProgressMeter(double[] costs, TimeProvider clock)
{
    // Long enough for an even pace, short enough to forget what checkpoints skipped and to notice when others begin to compute.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);

    private readonly Queue<(long At, double Fraction)> _seen = new();
    private readonly long _began = clock.GetTimestamp();

    /// <summary>Takes a report into the metadata.</summary>
    public void Apply(ExtractionProgress progress, Wire.ExtractionMetadata metadata)
    {
        int stage = metadata.Stages.Select(stage => stage.Name).ToList().IndexOf(progress.Stage);
        (metadata.Stages[stage].Done, metadata.Stages[stage].Total) = (progress.Done, progress.Total);
        double fraction = (costs.Take(stage).Sum() + costs[stage] * progress.Done / Math.Max(1, progress.Total)) / costs.Sum();
        metadata.Fraction = Math.Round(fraction, 4);
        long now = clock.GetTimestamp();
        _seen.Enqueue((now, fraction));
        while (_seen.Count > 2 && clock.GetElapsedTime(_seen.Peek().At, now) > Window) _seen.Dequeue();
        var (at, before) = _seen.Peek();
        // Nothing is said of the first moments: checkpoints are passed in them, and code is compiled.
        if (clock.GetElapsedTime(_began, now) > TimeSpan.FromSeconds(1) && fraction > before)
            metadata.RemainingSeconds = Math.Round(clock.GetElapsedTime(at, now).TotalSeconds / (fraction - before) * (1 - fraction), 1);
    }
}
