using Steering.Engine.Interventions;
using Steering.Engine.Running;
using SteeringServer.Features.Generation;
using SteeringServer.Features.Models;
using SteeringServer.Features.Vectors;

namespace SteeringServer.Hosting;

/// <summary>A loaded model with its running engine and everything that requests for it share.</summary>
internal sealed class ServedModel : IDisposable
{
    private readonly ModelProfile _profile;

    /// <param name="created">When it was loaded.</param>
    public ServedModel(LoadedModel model, EngineLoop engine, EngineOptions options, VectorRegistry vectors, DateTimeOffset created)
    {
        (Model, Engine, Options, Vectors, Created) = (model, engine, options, vectors, created);
        TokenNames = new TokenNames(model.Tokenizer);
        Prompts = new PromptBuilder(model, engine.Context);
        SystemFingerprint = $"fp_{model.Fingerprint[..Math.Min(16, model.Fingerprint.Length)]}";
        _profile = new ModelProfile
        {
            Name = model.Name,
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

    /// <summary>Changes when weights or configuration do: <c>system_fingerprint</c> of answers.</summary>
    public string SystemFingerprint { get; }

    /// <summary>With the catalog of this moment: whoever takes it sees one state of the vectors, however they change meanwhile.</summary>
    public ModelProfile Profile => _profile with { Catalog = Vectors.Catalog };

    public string Name => _profile.Name;

    /// <summary>The vectors and the verbs that change them.</summary>
    public VectorRegistry Vectors { get; }

    /// <summary>The vectors that can be named at this moment.</summary>
    public VectorCatalog Catalog => Vectors.Catalog;

    public void Dispose()
    {
        Engine.Dispose();
        Model.Dispose();
    }
}
