using System.Collections.Immutable;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using Steering.Methods.Extraction;
using Steering.Methods.Grains;

namespace SteeringEffect;

/// <summary>Makes vectors with a model and looks at what they do to its answers.</summary>
internal sealed class SteeringLab : IDisposable
{
    private const int AnswerTokens = 40;

    private readonly LoadedModel _model;
    private readonly EngineLoop _engine;
    private readonly DirectionCache _directions = new();
    private double[] _norms = [];

    public SteeringLab(LoadedModel model, int context)
    {
        _model = model;
        _engine = new EngineLoop(model, new EngineOptions { MaxSequences = 16, QueueLength = 100_000, Context = context });
        _engine.Start();
    }

    /// <summary>The directions of every method from the same examples, and the norms that strengths are multiples of.</summary>
    public ImmutableArray<Candidate> Extract(EffectTask task, int context, Action<ExtractionProgress> progress)
    {
        using var run = new ExtractionRun(_model, context, NoCheckpoints.Instance, progress, default);
        var options = GrainsOptions.Default with { TopK = task.TopK, PadToken = _model.Config.EosTokenIds[0] };
        var scores = GrainsExtractor.Attribute(task.Examples, options, run);
        var residuals = new ResidualStates(run);
        var states = GrainsExtractor.Read(task.Examples, scores, options, residuals, run);
        _norms = residuals.Norms;
        int[] all = [.. Enumerable.Range(0, task.Examples.Length)];
        float[][][] preferred = AnswerMeans(task.Examples, true), dispreferred = AnswerMeans(task.Examples, false);
        return
        [
            new Candidate("mean difference, last token", Blocks(block => MeanDifference(states.Preferred, states.Dispreferred, block))),
            new Candidate("mean difference, answer's tokens", Blocks(block => MeanDifference(preferred, dispreferred, block))),
            new Candidate("random direction", Blocks(Random)),
            new Candidate("GrAInS, first component, positive - negative", Blocks(block => states.Direction(options, block, all))),
            new Candidate("GrAInS, mean, positive - negative", Blocks(block => states.Direction(options with { Summary = DifferenceSummary.Mean }, block, all))),
            new Candidate("GrAInS, mean, positive", Blocks(block => states.Direction(options with { Summary = DifferenceSummary.Mean, Choices = options.Choices[..1] }, block, all))),
        ];
    }

    /// <summary>Answers all questions of a task under one setting.</summary>
    /// <param name="candidate">Null: no steering.</param>
    public Outcome Answer(EffectTask task, Candidate? candidate, int[] blocks, double strength)
    {
        var vector = candidate is null ? null : Vector(candidate, blocks);
        string method = candidate?.Method ?? "none";
        if (task.Judge is { } judge)
        {
            var texts = Generate([.. task.Questions.Select(question => question.Prompt)], vector, strength);
            var found = texts.ConvertAll(text => judge(text));
            return new Outcome(method, blocks, strength, [.. found.Select(answer => answer.Shows)], [], found.Average(answer => answer.Coherence));
        }
        double[] preferred = Score(task.Questions, true, vector, strength), dispreferred = Score(task.Questions, false, vector, strength);
        double[] margins = [.. preferred.Zip(dispreferred, (right, wrong) => right - wrong)];
        double tokens = task.Questions.Sum(question => (double)question.Pair!.Preferred.Length);
        return new Outcome(method, blocks, strength, [.. margins.Select(margin => margin > 0 ? 1.0 : 0)], margins, Math.Exp(preferred.Sum() / tokens));
    }

    private List<string> Generate(IReadOnlyList<ImmutableArray<int>> prompts, SteeringVector? vector, double strength) =>
        Run(prompts.Select((prompt, i) => new GenerationRequest
        {
            Id = "effect", Prompt = prompt, MaxTokens = AnswerTokens, StopTokens = _model.Config.EosTokenIds, Sampling = new SamplingParameters { Temperature = 0.8, TopP = 0.95, Seed = (ulong)i }, Plan = Plan(vector, strength, prompt.Length),
        })).ConvertAll(events => _model.Tokenizer.Decode([.. events.Where(token => token.Finish is null).Select(token => token.Token)], skipSpecialTokens: true));

    /// <summary>Log-probability of each question's answer.</summary>
    private double[] Score(IReadOnlyList<TestQuestion> questions, bool isPreferred, SteeringVector? vector, double strength)
    {
        var pairs = questions.Select(question => question.Pair!).ToList();
        var events = Run(pairs.Select(pair => pair.Text(isPreferred)).Select(text => new GenerationRequest { Id = "effect", Prompt = text, MaxTokens = 0, PromptLogprobs = 0, Plan = Plan(vector, strength, text.Length) }));
        return [.. events.Zip(pairs, (tokens, pair) => tokens.Where(token => token.IsPrompt).Skip(pair.Prompt.Length).Sum(token => (double)token.Logprob))];
    }

    private List<List<TokenEvent>> Run(IEnumerable<GenerationRequest> requests) => requests.Select(_engine.Submit).ToList().ConvertAll(generation =>
    {
        var events = generation.Events.ReadAllAsync().ToBlockingEnumerable().ToList();
        return events[^1].Error is { } error ? throw new InvalidOperationException(error) : events;
    });

    /// <summary>h + s n v / |v|, rescaled to the norm of h: GrAInS's application, for every method alike.</summary>
    private InterventionPlan Plan(SteeringVector? vector, double strength, int length)
    {
        if (vector is null) return InterventionPlan.Empty;
        var use = new VectorUse { Path = "effect", Vector = vector, Reference = vector.Name, Strength = strength, Renormalise = Renormalise.Token };
        return PlanCompiler.Compile(new SteeringSpec([use]), _model.Sites, PromptLayout.Plain(length), _directions).Plan!;
    }

    private SteeringVector Vector(Candidate candidate, int[] blocks) => new()
    {
        Name = "effect",
        Version = 0,
        Sha256 = Guid.NewGuid().ToString("N"),
        Unit = StrengthUnit.Rms,
        ResidualNorms = blocks.ToImmutableDictionary(block => new Site(SitePoint.ResidPost, block), block => (float)_norms[block]),
        Tensors = [.. blocks.Select(block => new SteeringTensor(new Site(SitePoint.ResidPost, block), "", 1, candidate.Directions[block].Length, [.. candidate.Directions[block].Select(value => (float)value)]))],
    };

    private static double[] MeanDifference(float[][][] preferred, float[][][] dispreferred, int block) => PrincipalComponent.MeanOf(
        [.. preferred.Zip(dispreferred, (right, wrong) => right[block].Zip(wrong[block], (plus, minus) => (double)plus - minus).ToArray())]);

    /// <summary>Mean state over an answer's tokens, [example][block][width].</summary>
    private float[][][] AnswerMeans(IReadOnlyList<PreferencePair> examples, bool isPreferred)
    {
        using var arena = new Arena();
        int width = _model.Sites.HiddenWidth;
        var requests = examples.Select(pair =>
        {
            var text = pair.Text(isPreferred);
            var captures = Enumerable.Range(0, _model.Config.Shape.Blocks).Select(block => new CaptureRequest(new Site(SitePoint.ResidPost, block), pair.Prompt.Length, arena.Matrix(text.Length - pair.Prompt.Length, width)));
            return new GenerationRequest { Id = "effect", Prompt = text, MaxTokens = 0, Captures = [.. captures] };
        }).ToList();
        Run(requests);
        return [.. requests.Select(request => request.Captures.Select(capture =>
            Enumerable.Range(0, width).Select(i => Enumerable.Range(0, capture.Destination.Rows).Average(row => capture.Destination.Row(row)[i])).ToArray()).ToArray())];
    }

    /// <summary>What any direction does: strong edits shift likelihoods, whatever they are.</summary>
    private double[] Random(int block)
    {
        var random = new Random(block);
        return [.. Enumerable.Range(0, _model.Sites.HiddenWidth).Select(_ => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))];
    }

    private ImmutableArray<double[]> Blocks(Func<int, double[]> direction) => [.. Enumerable.Range(0, _model.Config.Shape.Blocks).Select(direction)];

    public void Dispose() => _engine.Dispose();
}
