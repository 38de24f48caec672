using Steering.Engine.Running;
using SteeringServer.Features.Vectors;

namespace SteeringServer.Hosting;

/// <summary>What can be done with a configured model at this moment.</summary>
internal enum ModelState
{
    /// <summary>Nothing of it is in memory.</summary>
    Unloaded,
    Loading,
    Ready,
    /// <summary>Running generations end; new ones are refused.</summary>
    Draining,
    /// <summary>The last attempt to load it failed.</summary>
    Failed,
}

/// <summary>A configured model: where it is, and what is in memory of it. The state is one immutable record, replaced under the lock of <see cref="ModelLoader"/>; any thread reads it.</summary>
internal sealed class ModelSlot(ModelFolders folders, ModelOptions options)
{
    private volatile ModelStatus _status = ModelStatus.Unloaded;
    private volatile LoadTracker? _load;

    public string Name => folders.Name;
    public ModelFolders Folders => folders;
    public ModelOptions Options => options;

    public ModelStatus Status
    {
        get => _status;
        set => _status = value;
    }

    /// <summary>The load that is under way, be it the first or one beside a model that serves; null: none.</summary>
    public LoadTracker? Load
    {
        get => _load;
        set => _load = value;
    }

    /// <summary>The registry of its vectors, from the first load on.</summary>
    public VectorRegistry? Vectors { get; set; }
}

/// <summary>What is in memory of a model.</summary>
/// <param name="Served">Set while it is ready.</param>
/// <param name="Error">Why the last load failed; a model that serves keeps serving.</param>
internal sealed record ModelStatus(ModelState State, ServedModel? Served = null, string? Error = null)
{
    public static ModelStatus Unloaded { get; } = new(ModelState.Unloaded);

    /// <summary>As it is written: <c>ready</c>.</summary>
    public string Word => Words[(int)State];

    private static readonly string[] Words = ["unloaded", "loading", "ready", "draining", "failed"];
}

/// <summary>How far a load has come, where that is shown, and how to end it.</summary>
internal sealed class LoadTracker(LoadReport report) : IProgress<LoadProgress>
{
    private long _done, _total;

    public LoadReport Shown => report;

    public CancellationTokenSource Cancellation { get; } = new();

    public LoadProgress Progress => new(Interlocked.Read(ref _done), Interlocked.Read(ref _total));

    public void Report(LoadProgress value)
    {
        Interlocked.Exchange(ref _total, value.Total);
        Interlocked.Exchange(ref _done, value.Done);
        report.Report(value);
    }
}
