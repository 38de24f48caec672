using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Models;
using Steering.Engine.Running;
using Steering.Engine.Scheduling;

namespace Steering.Tests.Models;

/// <summary>A model of tests/Golden/models with its reference numbers, run on token ids.</summary>
internal sealed class GoldenModel : IDisposable
{
    private readonly string? _copy;

    /// <summary>All models there are.</summary>
    public static IEnumerable<string> Names => Directory.GetDirectories(Repository.PathTo("tests", "Golden", "models")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);

    /// <param name="name">Folder under tests/Golden/models.</param>
    /// <param name="configuration"><c>config.json</c> (transformers 5) or <c>config.hub.json</c> (transformers 4).</param>
    public GoldenModel(string name, string configuration = "config.json", string? kernels = null, int threads = 2, Numerics numerics = Numerics.Exact, WeightStorage storage = WeightStorage.Stored)
    {
        string folder = Repository.PathTo("tests", "Golden", "models", name);
        Reference = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        if (configuration != "config.json")
        {
            _copy = Directory.CreateTempSubdirectory("golden-").FullName;
            foreach (string file in Directory.GetFiles(folder, "model*.safetensors*")) File.Copy(file, Path.Combine(_copy, Path.GetFileName(file)));
            File.Copy(Path.Combine(folder, configuration), Path.Combine(_copy, "config.json"));
            folder = _copy;
        }
        Model = LoadedModel.LoadWeights(folder, new LoadOptions { Threads = threads, Kernels = kernels, Numerics = numerics, Storage = storage });
    }

    /// <summary>Any other model with reference numbers; both belong to it.</summary>
    public GoldenModel(LoadedModel model, SafetensorsFile reference) => (Model, Reference) = (model, reference);

    public LoadedModel Model { get; }
    public SafetensorsFile Reference { get; }
    public SiteTable Sites => Model.Sites;
    public int Vocabulary => Model.Config.Shape.VocabularySize;

    public int[] Ids(string tensor = "input_ids") => [.. Reference.ReadInt64s(tensor).Select(id => (int)id)];

    public float[] Numbers(string tensor) => Reference.ReadFloats(tensor);

    /// <summary>Logits of every position, [tokens * vocabulary], computed in chunks of <paramref name="chunk"/> tokens; captures are filled on the way.</summary>
    public float[] Logits(int[] ids, InterventionPlan? plan = null, int chunk = int.MaxValue, params CaptureRequest[] captures)
    {
        var shape = Model.Config.Shape;
        chunk = Math.Min(chunk, ids.Length);
        using var cache = new KvCache(new AttentionShape(shape.Heads, shape.KeyValueHeads, shape.HeadDimension), shape.Blocks, ids.Length / KvCache.BlockLength + 1, Model.Numerics);
        using var decoder = Model.CreateDecoder(cache, chunk, chunk);
        using var batch = new Batch(Sites.Count);
        using var directions = new DirectionStore();
        var request = new GenerationRequest { Id = "golden", Prompt = [.. ids], MaxTokens = 0, PromptLogprobs = 0, Plan = plan ?? InterventionPlan.Empty, Captures = [.. captures] };
        var sequence = new Sequence(request, new Engine.Running.Generation(request));
        for (int i = 0; i < sequence.Blocks.Length; i++) sequence.Blocks[i] = sequence.Blocks.Length - 1 - i;
        sequence.Admit(directions.Prepare(request.Plan, Sites));
        var logits = new float[ids.Length * Vocabulary];
        for (int first = 0; first < ids.Length; first += chunk)
        {
            int count = Math.Min(chunk, ids.Length - first);
            BatchBuilder.Build(batch, [new ScheduledChunk(sequence, first, count)], Sites);
            decoder.Forward(batch);
            var rows = Enumerable.Range(0, count).Select(row => new LogitsRow(row, sequence, first + row + 1)).ToArray();
            var chunkLogits = decoder.Logits(rows);
            for (int row = 0; row < count; row++) chunkLogits.Row(row).CopyTo(logits.AsSpan((first + row) * Vocabulary));
        }
        return logits;
    }

    /// <summary>Greedy continuation through the engine: scheduling, KV cache and sampling included.</summary>
    public int[] Greedy(int[] ids, int tokens, InterventionPlan? plan = null)
    {
        using var engine = new EngineLoop(Model, new EngineOptions { MaxSequences = 2, TokensPerStep = 16 });
        var generation = engine.Submit(new GenerationRequest { Id = "greedy", Prompt = [.. ids], MaxTokens = tokens, Plan = plan ?? InterventionPlan.Empty, Sampling = new SamplingParameters { Temperature = 0 } });
        while (engine.Step()) { }
        var result = new List<int>();
        while (generation.Events.TryRead(out var token))
            if (token.Finish is null) result.Add(token.Token);
        return [.. result];
    }

    /// <summary>A plan of one edit at one site, every position.</summary>
    public static InterventionPlan Edit(Site site, Operation operation, double strength, int width, float[] directions, Renormalise renormalise = Renormalise.None, OperationParameters? parameters = null, double perStrength = 1) =>
        InterventionPlan.Empty with
        {
            Edits =
            [
                new PlannedEdit
                {
                    Use = 0,
                    Site = site,
                    Operation = operation,
                    Directions = new DirectionTensor(directions.Length / width, width, directions),
                    CoefficientPerStrength = perStrength,
                    Parameters = parameters ?? OperationParameters.None,
                    Strength = new ScheduledStrength(strength, Schedule.Constant),
                    Positions = ResolvedPositions.All,
                    Renormalise = renormalise,
                },
            ],
        };

    public static (double Error, int At) LargestDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        int at = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs((double)expected[i] - actual[i]);
            if (!(error <= worst)) (worst, at) = (error, i);
        }
        return (worst, at);
    }

    public static void AssertClose(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double bound = 1e-4)
    {
        var (error, at) = LargestDifference(expected, actual);
        Assert.True(error <= bound, $"{what}: largest difference {error:g3} at element {at}, allowed {bound:g3}");
    }

    public void Dispose()
    {
        Model.Dispose();
        Reference.Dispose();
        if (_copy is not null) Directory.Delete(_copy, recursive: true);
    }
}
