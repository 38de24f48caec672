using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Steering.Engine.Interventions;
using Steering.Methods.Extraction;
using Steering.Methods.Grains;
using Steering.Tests.Models;

namespace Steering.Tests.Grains;

/// <summary>The extraction as a whole: the same bits from the same inputs, whatever comes in between.</summary>
public sealed class GrainsExtractorTests
{
    private static readonly GrainsOptions Options = GrainsOptions.Default with { TopK = 3 };

    [Fact]
    public void The_same_inputs_give_the_same_bits_and_an_interruption_changes_nothing()
    {
        using var golden = new GoldenModel("llama");
        var whole = new Kept();
        var once = Extract(golden, Options, whole);

        // Stopped in the middle of each stage, and begun again each time with what was kept.
        var kept = new Kept();
        var seen = new List<string>();
        foreach (string stage in GrainsExtractor.Stages)
        {
            using var stop = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() => Extract(golden, Options, kept, progress =>
            {
                seen.Add(progress.Stage);
                if (progress.Stage == stage && progress.Done * 2 >= progress.Total) stop.Cancel();
            }, stop.Token));
        }
        int before = kept.Contents.Count;
        var resumed = Extract(golden, Options, kept);

        AssertSame(once, resumed);
        AssertSame(once, Extract(golden, Options, new Kept()));
        Assert.Equal(whole.Contents.Keys.Order(), kept.Contents.Keys.Order());
        Assert.Equal(whole.Contents.Count, kept.Writes); // nothing that was kept was computed again
        Assert.InRange(before, 2 * 6 + 1, whole.Contents.Count);
        Assert.Equal(GrainsExtractor.Stages, seen.Distinct());
    }

    [Fact]
    public void Progress_of_every_stage_ends_where_it_said()
    {
        using var golden = new GoldenModel("llama");
        var seen = new List<ExtractionProgress>();

        Extract(golden, Options, NoCheckpoints.Instance, seen.Add);

        foreach (var stage in seen.GroupBy(progress => progress.Stage))
        {
            Assert.Single(stage.Select(progress => progress.Total).Distinct());
            Assert.Equal(0, stage.First().Done);
            Assert.Equal(stage.Last().Total, stage.Last().Done);
            Assert.Equal(stage.Select(progress => progress.Done).Order(), stage.Select(progress => progress.Done));
        }
    }

    [Fact]
    public void The_result_says_where_how_strongly_and_from_what()
    {
        using var golden = new GoldenModel("llama");

        var found = Extract(golden, Options, NoCheckpoints.Instance);
        var chosen = Extract(golden, Options with { Blocks = [0, 3], Summary = DifferenceSummary.Mean }, NoCheckpoints.Instance);

        Assert.Equal([new Site(SitePoint.ResidPost, found.RecommendedBlock)], found.Tensors.Select(tensor => tensor.Site));
        Assert.Equal([0, 1, 2, 3], found.Blocks.Select(block => block.Block));
        Assert.All(found.Blocks, block =>
        {
            Assert.InRange(block.HeldOutAuc, 0, 1);
            Assert.InRange(block.SplitHalfCosine, -1, 1);
            Assert.True(block.ResidualNorm > 0);
        });
        Assert.Equal(found.Blocks[found.RecommendedBlock].ResidualNorm, found.ResidualNorms.Single().Value, 1e-6);
        Assert.Equal(found.Blocks[found.RecommendedBlock].Norm, found.Tensors[0].Norm, 1e-6);
        Assert.True(found.Strength.From <= 0 && found.Strength.To >= 0);
        Assert.Equal(found.Strength.Measured.Select(at => at.Strength).Order(), found.Strength.Measured.Select(at => at.Strength));
        Assert.Contains(found.Strength.Measured, at => at is { Strength: 0, Loss: 0 });
        Assert.Equal(("grains", "6", "+positive -negative"), (found.Provenance["method"], found.Provenance["examples"], found.Provenance["tokens"]));

        Assert.Equal(["resid_post.0", "resid_post.3"], chosen.Tensors.Select(tensor => tensor.FileName));
        Assert.Equal("mean", chosen.Provenance["summary"]);
    }

    [Fact]
    public void Too_few_examples_and_differences_that_are_none_are_refused_by_name()
    {
        using var golden = new GoldenModel("llama");

        using var run = Run(golden, NoCheckpoints.Instance);
        Assert.Contains("4 are the least", Assert.Throws<ExtractionException>(() => GrainsExtractor.Extract(Pairs[..3], Options, run)).Message, StringComparison.Ordinal);
        var same = Assert.Throws<ExtractionException>(() => GrainsExtractor.Extract(Pairs, Options with { TopK = 0, Summary = DifferenceSummary.Mean }, run));
        Assert.Contains("ablation changed nothing", same.Message, StringComparison.Ordinal);
        Assert.Contains("no first component", Assert.Throws<ExtractionException>(() => GrainsExtractor.Extract(Pairs, Options with { TopK = 0 }, run)).Message, StringComparison.Ordinal);
    }

    private static ImmutableArray<PreferencePair> Pairs { get; } = [.. Enumerable.Range(0, 6).Select(i =>
    {
        var random = new Random(i);
        return new PreferencePair([1, .. Tokens(5 + i)], [.. Tokens(1 + i % 3)], [.. Tokens(1 + (i + 1) % 3)]);
        IEnumerable<int> Tokens(int count) => Enumerable.Range(0, count).Select(_ => random.Next(3, 211)).ToArray();
    })];

    private static ExtractedVector Extract(GoldenModel golden, GrainsOptions options, ICheckpoints checkpoints, Action<ExtractionProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var run = Run(golden, checkpoints, progress, cancellation);
        return GrainsExtractor.Extract(Pairs, options, run);
    }

    private static ExtractionRun Run(GoldenModel golden, ICheckpoints checkpoints, Action<ExtractionProgress>? progress = null, CancellationToken cancellation = default) => new(golden.Model, 64, checkpoints, progress, cancellation);

    private static void AssertSame(ExtractedVector expected, ExtractedVector actual)
    {
        Assert.Equal(expected.Tensors.Select(tensor => (tensor.FileName, Bits(tensor))), actual.Tensors.Select(tensor => (tensor.FileName, Bits(tensor))));
        Assert.Equal(expected.Blocks.AsEnumerable(), actual.Blocks);
        Assert.Equal(expected.Strength.Measured.AsEnumerable(), actual.Strength.Measured);
        Assert.Equal((expected.RecommendedBlock, expected.Strength.From, expected.Strength.To), (actual.RecommendedBlock, actual.Strength.From, actual.Strength.To));
        static string Bits(SteeringTensor tensor) => Convert.ToHexString(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
    }

    private sealed class Kept : ICheckpoints
    {
        public Dictionary<string, byte[]> Contents { get; } = [];
        public int Writes { get; private set; }

        public byte[]? Find(string key) => Contents.GetValueOrDefault(key);

        public void Keep(string key, byte[] content)
        {
            Contents.Add(key, content);
            Writes++;
        }
    }
}
