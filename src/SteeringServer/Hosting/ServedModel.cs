using Steering.Engine.Interventions;
using Steering.Engine.Running;
using SteeringServer.Features.Generation;
using SteeringServer.Features.Models;
using SteeringServer.Features.Vectors;

namespace SteeringServer.Hosting;

/// <summary>A loaded model with its running engine and everything that requests for it share.</summary>
internal sealed class ServedModel : IDisposable
{
    /// <param name="created">When it was loaded.</param>
    public ServedModel(LoadedModel model, EngineLoop engine, EngineOptions options, VectorCatalog catalog, DateTimeOffset created)
    {
        (Model, Engine, Options, Created) = (model, engine, options, created);
        TokenNames = new TokenNames(model.Tokenizer);
        Prompts = new PromptBuilder(model, engine.Context);
        SystemFingerprint = $"fp_{model.Fingerprint[..Math.Min(16, model.Fingerprint.Length)]}";
        Profile = new ModelProfile
        {
            Name = model.Name,
            VocabularySize = model.Config.Shape.VocabularySize,
            Defaults = model.Config.Generation,
            HasTemplate = model.Template is not null,
            TakesTools = model.Template?.UsesVariable("tools") ?? false,
            MostSequences = options.MaxSequences + options.QueueLength,
            Catalog = catalog,
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

    public ModelProfile Profile { get; }

    public string Name => Profile.Name;

    public VectorCatalog Catalog => Profile.Catalog;

    public void Dispose()
    {
        Engine.Dispose();
        Model.Dispose();
    }
}
