using System.Collections.Immutable;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;

namespace Steering.Engine.Running;

/// <summary>
/// Proves at start that steering acts where it says (docs/decisions.md 17): a few tokens are run with a known vector added at every site at once, and the values captured before and after
/// must satisfy, bit for bit, after = f32(before + v) at every site; and along the residual stream what one site leaves is what the next receives. A second, unsteered run must leave every site alone.
/// A hook that never fires would return fluent unsteered text under a steered label; here it costs the site its place in the table.
/// </summary>
internal static class SiteSelfTest
{
    private const int Tokens = 4;

    /// <summary>Sites that failed, each with what was wrong.</summary>
    public static IReadOnlyDictionary<Site, string> Failures(LoadedModel model)
    {
        var failures = new Dictionary<Site, string>();
        using var steered = new Probe(model, steer: true);
        using var plain = new Probe(model, steer: false);
        foreach (var site in model.Sites.All)
        {
            if (!steered.Moved(site)) failures[site] = "a vector added there at start-up was not found there afterwards";
            else if (!plain.Unmoved(site)) failures[site] = "it changed at start-up although nothing was added there";
        }
        foreach (var site in steered.BrokenFlow()) failures.TryAdd(site, "what was added there at start-up did not reach the residual stream");
        return failures;
    }

    private sealed class Probe : IDisposable
    {
        private readonly SiteTable _sites;
        private readonly Arena _arena = new();
        private readonly Dictionary<Site, TensorView> _before = [], _after = [];
        private readonly Dictionary<Site, float[]> _vectors = [];

        // What learned positions add to the embedding; zero where there are none.
        private readonly TensorView _positions;

        public Probe(LoadedModel model, bool steer)
        {
            _sites = model.Sites;
            _positions = _arena.Matrix(Tokens, _sites.HiddenWidth);
            var captures = ImmutableArray.CreateBuilder<CaptureRequest>();
            var edits = ImmutableArray.CreateBuilder<PlannedEdit>();
            foreach (var site in _sites.All)
            {
                int width = _sites.Width(site);
                _before[site] = _arena.Matrix(Tokens, width);
                _after[site] = _arena.Matrix(Tokens, width);
                captures.Add(new CaptureRequest(site, 0, _before[site], BeforeEdits: true));
                captures.Add(new CaptureRequest(site, 0, _after[site]));
                if (!steer) continue;
                // Any vector will do; this one has no two equal neighbours and powers of two that keep f32 sums from rounding the same everywhere.
                var vector = _vectors[site] = [.. Enumerable.Range(0, width).Select(i => (i % 7 - 3) / 16f + (i % 5 - 2) / 128f)];
                edits.Add(new PlannedEdit
                {
                    Use = 0,
                    Site = site,
                    Operation = Operation.Add,
                    Directions = new DirectionTensor(1, width, vector),
                    CoefficientPerStrength = 1,
                    Strength = new ScheduledStrength(1, Schedule.Constant),
                    Positions = ResolvedPositions.All,
                });
            }
            var request = new GenerationRequest
            {
                Id = "self-test",
                Prompt = [.. Enumerable.Range(0, Tokens).Select(i => i % model.Config.Shape.VocabularySize)],
                MaxTokens = 0,
                Captures = captures.ToImmutable(),
                Plan = InterventionPlan.Empty with { Edits = edits.ToImmutable() },
            };
            Run(model, request);
        }

        private void Run(LoadedModel model, GenerationRequest request)
        {
            var shape = model.Config.Shape;
            using var cache = new KvCache(shape.AttentionShape, shape.Blocks, 1, model.Numerics);
            using var decoder = model.CreateDecoder(cache, Tokens, 1);
            using var batch = new Batch(model.Sites.Count);
            using var directions = new DirectionStore();
            var sequence = new Scheduling.Sequence(request, new Generation(request));
            sequence.Admit(directions.Prepare(request.Plan, model.Sites));
            BatchBuilder.Build(batch, [new Scheduling.ScheduledChunk(sequence, 0, Tokens)], model.Sites);
            decoder.Forward(batch);
            decoder.EmbedPositions(_positions, batch);
        }

        public bool Moved(Site site) => AllRows(site, (before, after, i) => after == before + _vectors[site][i]);

        public bool Unmoved(Site site) => AllRows(site, (before, after, _) => after == before);

        /// <summary>Sites whose edited value is not what the next site on the residual stream received.</summary>
        public IEnumerable<Site> BrokenFlow()
        {
            if (!Sums(_before[new(SitePoint.ResidPre, 0)], _after[new(SitePoint.Embed, -1)], _positions)) yield return new(SitePoint.Embed, -1);
            for (int b = 0; b < _sites.Blocks; b++)
            {
                TensorView pre = _after[new(SitePoint.ResidPre, b)], attention = _after[new(SitePoint.AttnOut, b)], mlp = _after[new(SitePoint.MlpOut, b)];
                if (!Sums(_before[new(SitePoint.ResidPost, b)], pre, attention, mlp))
                    foreach (var point in (SitePoint[])[SitePoint.ResidPre, SitePoint.AttnOut, SitePoint.MlpOut]) yield return new(point, b);
                if (b + 1 < _sites.Blocks && !Same(_after[new(SitePoint.ResidPost, b)], _before[new(SitePoint.ResidPre, b + 1)])) yield return new(SitePoint.ResidPost, b);
            }
        }

        private bool AllRows(Site site, Func<float, float, int, bool> holds)
        {
            for (int row = 0; row < Tokens; row++)
            {
                Span<float> before = _before[site].Row(row), after = _after[site].Row(row);
                for (int i = 0; i < before.Length; i++)
                    if (!holds(before[i], after[i], i)) return false;
            }
            return true;
        }

        private static bool Same(TensorView a, TensorView b)
        {
            for (int row = 0; row < Tokens; row++)
                if (!a.Row(row).SequenceEqual(b.Row(row))) return false;
            return true;
        }

        /// <summary>Whether f32 addition from the first addend to the last gives the sum.</summary>
        private static bool Sums(TensorView sum, params ReadOnlySpan<TensorView> addends)
        {
            for (int row = 0; row < Tokens; row++)
            {
                for (int i = 0; i < sum.Columns; i++)
                {
                    float expected = 0;
                    foreach (var addend in addends) expected += addend.Row(row)[i];
                    if (expected != sum.Row(row)[i]) return false;
                }
            }
            return true;
        }

        public void Dispose() => _arena.Dispose();
    }
}
