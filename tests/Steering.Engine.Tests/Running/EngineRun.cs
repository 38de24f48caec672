using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using Steering.Tests.Models;

namespace Steering.Tests.Running;

/// <summary>An engine stepped by hand over a tiny model, so that what shares a step with what is decided by the test.</summary>
internal sealed class EngineRun : IDisposable
{
    private readonly GoldenModel _golden;

    /// <param name="model">A folder of tests/Golden/models.</param>
    public EngineRun(EngineOptions? options = null, string model = "llama", string? kernels = null, Numerics numerics = Numerics.Exact, WeightStorage storage = WeightStorage.Stored)
    {
        _golden = new GoldenModel(model, kernels: kernels, numerics: numerics, storage: storage);
        Engine = new EngineLoop(_golden.Model, options ?? new EngineOptions { MaxSequences = 64, TokensPerStep = 64 });
    }

    public EngineLoop Engine { get; }
    public SiteTable Sites => _golden.Sites;

    public static int[] Prompt(int seed, int length)
    {
        var random = new Random(seed);
        return [1, .. Enumerable.Range(1, length - 1).Select(_ => random.Next(3, 211))];
    }

    /// <summary>A request that differs from others in everything that matters: prompt, steering, strength, sampling.</summary>
    public GenerationRequest Request(int seed, bool steered, int tokens = 24)
    {
        var random = new Random(1000 + seed);
        var prompt = Prompt(seed, 3 + seed * 7 % 60);
        var plan = InterventionPlan.Empty;
        if (steered)
        {
            Operation[] operations = [Operation.Add, Operation.ScaleCoordinate, Operation.Add, Operation.SetCoordinate];
            var operation = operations[seed % 4];
            string site = ((string[])["resid_post.1", "norm_mlp.2", "attn_out.0", "mlp_act.3", "embed", "head_in.1", "mlp_gate.2", "resid_pre.3"])[seed % 8];
            Assert.True(Site.TryParse(site, out var parsed));
            if (!Sites.Exists(parsed)) (site, parsed) = ("resid_post.1", new Site(SitePoint.ResidPost, 1)); // some families lack some
            var direction = Enumerable.Range(0, Sites.Width(parsed)).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
            var use = GoldenRecipe.Use(operation, 0.25 + seed % 16 / 8.0 * (operation == Operation.SetCoordinate ? 0.3 : 1), [site], ("", direction, 1)) with
            {
                Parameters = operation == Operation.SetCoordinate ? new OperationParameters { Value = 0.5 } : OperationParameters.None,
                Renormalise = operation == Operation.Add && seed % 3 == 0 ? Renormalise.Token : Renormalise.None,
            };
            plan = GoldenRecipe.Compile(Sites, prompt.Length, use);
        }
        return new GenerationRequest
        {
            Id = $"request {seed}",
            Prompt = [.. prompt],
            MaxTokens = tokens,
            Plan = plan,
            Logprobs = 3,
            Sampling = new SamplingParameters { Temperature = seed % 3 == 0 ? 0 : 0.9, TopP = 0.95, Seed = (ulong)seed },
        };
    }

    public Generation Submit(GenerationRequest request) => Engine.Submit(request);

    public void Finish()
    {
        while (Engine.Step()) { }
    }

    public List<TokenEvent> Alone(GenerationRequest request)
    {
        var generation = Submit(request);
        Finish();
        return Events(generation);
    }

    public static List<TokenEvent> Events(Generation generation)
    {
        var events = new List<TokenEvent>();
        while (generation.Events.TryRead(out var token)) events.Add(token);
        return events;
    }

    /// <summary>Equal to the bit: tokens, log-probabilities, and those of the alternatives.</summary>
    public static void AssertSame(IReadOnlyList<TokenEvent> expected, IReadOnlyList<TokenEvent> actual)
    {
        Assert.Equal(expected.Select(e => (e.Token, BitConverter.SingleToInt32Bits(e.Logprob), e.Finish)), actual.Select(e => (e.Token, BitConverter.SingleToInt32Bits(e.Logprob), e.Finish)));
        Assert.Equal(expected.SelectMany(e => e.Top ?? []), actual.SelectMany(e => e.Top ?? []));
    }

    public void Dispose()
    {
        Engine.Dispose();
        _golden.Dispose();
    }
}
