using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using SteeringServer.Features.Attribution;
using SteeringServer.Features.Generation;
using SteeringServer.Features.Models;
using SteeringServer.Features.Vectors;

namespace SteeringServer.Hosting;

/// <summary>A loaded model with its running engine and everything that requests for it share.</summary>
internal sealed class ServedModel : IDisposable
{
    private readonly ModelProfile _profile;

    /// <param name="names">Of all models of the server.</param>
    /// <param name="created">When it was loaded.</param>
    public ServedModel(LoadedModel model, EngineLoop engine, EngineOptions options, VectorRegistry vectors, ImmutableArray<string> names, DateTimeOffset created)
    {
        (Model, Engine, Options, Vectors, Created) = (model, engine, options, vectors, created);
        TokenNames = new TokenNames(model.Tokenizer);
        Prompts = new PromptBuilder(model, engine.Context);
        Attributions = new AttributionDesk(model);
        SystemFingerprint = $"fp_{model.Fingerprint[..Math.Min(16, model.Fingerprint.Length)]}";
        _profile = new ModelProfile
        {
            Name = model.Name,
            Names = names,
            VocabularySize = model.Config.Shape.VocabularySize,
            Defaults = model.Config.Generation,
            HasTemplate = model.Template is not null,
            TakesTools = model.Template?.UsesVariable("tools") ?? false,
            MostSequences = options.MaxSequences + options.QueueLength,
            Catalog = vectors.Catalog,
        };
    }

    public LoadedModel Model { get; }
    public EngineLoop Engine { get; }
    public EngineOptions Options { get; }
    public DateTimeOffset Created { get; }
    public DirectionCache Directions { get; } = new();
    public TokenNames TokenNames { get; }
    public PromptBuilder Prompts { get; }

    /// <summary>Where attributions run.</summary>
    public AttributionDesk Attributions { get; }

    /// <summary>Work in the background that uses the model's memory.</summary>
    public ModelUsers Users { get; } = new();

    /// <summary>Changes when weights or configuration do: <c>system_fingerprint</c> of answers.</summary>
    public string SystemFingerprint { get; }

    /// <summary>With the catalog of this moment: whoever takes it sees one state of the vectors, however they change meanwhile.</summary>
    public ModelProfile Profile => _profile with { Catalog = Vectors.Catalog };

    public string Name => _profile.Name;

    /// <summary>The vectors and the verbs that change them.</summary>
    public VectorRegistry Vectors { get; }

    /// <summary>The vectors that can be named at this moment.</summary>
    public VectorCatalog Catalog => Vectors.Catalog;

    /// <summary>Refuses new generations and waits for the running ones, which are ended with an error when the time is over.</summary>
    public async Task DrainAsync(TimeSpan limit, ILogger log, CancellationToken cancellation = default)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(limit);
        try
        {
            await Engine.DrainAsync(end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The engine ends what is left with an error, which streams report in band.
            LoadingLog.DrainTimeOver(log, Name, limit.TotalSeconds);
        }
        Attributions.End();
        Users.End();
    }

    /// <summary>Gives the native memory back. Requests may hold on to the rest: only the engine's thread and an attribution's, which have ended then, use that memory.</summary>
    public void Dispose()
    {
        Engine.Dispose();
        Attributions.Dispose();
        Users.Dispose();
        Model.Dispose();
    }
}
