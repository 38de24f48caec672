using System.Collections.Immutable;
using Steering.Compute;
using Steering.Compute.Cpu;

namespace SteeringServer.Hosting;

/// <summary>How the server was started, after command line and configuration have been read.</summary>
internal sealed record ServerOptions
{
    public ListenAddress Http { get; init; } = new("127.0.0.1", 8080);

    /// <summary>Where gRPC is served, in clear text; null: nowhere.</summary>
    public ListenAddress? Grpc { get; init; } = new("127.0.0.1", 8081);

    /// <summary>The models to serve; the first is the one that requests without a name mean. Empty: the shipped one.</summary>
    public ImmutableArray<ModelOptions> Models { get; init; } = [];

    /// <summary>Folder of vector files to register at the start, where there is a single model; null: <c>vectors</c> beside the model.</summary>
    public string? Vectors { get; init; }

    /// <summary>What is served, the default included.</summary>
    public ImmutableArray<ModelOptions> EffectiveModels
    {
        get
        {
            ImmutableArray<ModelOptions> models = Models.IsEmpty ? [new ModelOptions { Path = "models/storyworld" }] : Models;
            return Vectors is null ? models : [models[0] with { Vectors = models[0].Vectors ?? Vectors }, .. models[1..]];
        }
    }

    /// <summary>Folder of the database, which the server creates and which belongs to it alone.</summary>
    public string Data { get; init; } = DefaultData;

    /// <summary>MiB of tensors that the served vectors may take in memory; a registration beyond it is refused.</summary>
    public int VectorMemory { get; init; } = 1024;

    /// <summary>Sequences that run at once, for each model.</summary>
    public int? MaxSequences { get; init; }

    /// <summary>Sequences that may wait, for each model.</summary>
    public int? Queue { get; init; }

    /// <summary>Compute threads, shared by all models.</summary>
    public int? Threads { get; init; }

    /// <summary>How activations enter matrix products, for models that do not say it themselves.</summary>
    public Numerics Numerics { get; init; } = Numerics.Exact;

    /// <summary>How weights are kept, for models that do not say it themselves.</summary>
    public WeightStorage Storage { get; init; } = WeightStorage.Stored;

    /// <summary>One of <see cref="CpuBackend.Names"/>; null: the fastest the processor has.</summary>
    public string? Kernels { get; init; }

    /// <summary>Tokens of context to serve.</summary>
    public int? Context { get; init; }

    /// <summary>Keys of callers, or <c>sha256:</c> and the hash of one. Empty: no key is asked for, which only loopback addresses may do.</summary>
    public ImmutableArray<string> ApiKeys { get; init; } = [];

    /// <summary>Names that requests may use in their Host header beside IP addresses and localhost; <c>*</c> for any.</summary>
    public ImmutableArray<string> AllowedHosts { get; init; } = [];

    /// <summary>Web origins whose pages may call the server.</summary>
    public ImmutableArray<string> AllowedOrigins { get; init; } = [];

    /// <summary>How long running generations may go on after the server was told to stop.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between signs of life on a quiet stream.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    // The user's own data folder ($XDG_DATA_HOME, ~/.local/share): the same one wherever the server is started from. Accounts without a home need --data.
    private static string DefaultData => Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData) is { Length: > 0 } home ? Path.Combine(home, "steering-server") : "steering-data";
}
