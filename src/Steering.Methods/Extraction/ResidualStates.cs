using System.Collections.Immutable;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;

namespace Steering.Methods.Extraction;

/// <summary>Reads the residual stream after every block while texts pass through the model.</summary>
public sealed class ResidualStates
{
    private const long MostBytesAtOnce = 256L << 20;

    private readonly ExtractionRun _run;
    private readonly ImmutableArray<Site> _sites;
    private readonly double[] _squares;
    private long _positions;

    /// <param name="lastFromFinalNorm">Whether the last block's state is taken after the final norm, as transformers' hidden_states have it (and GrAInS's code reads it).</param>
    public ResidualStates(ExtractionRun run, bool lastFromFinalNorm = false)
    {
        int blocks = run.Model.Config.Shape.Blocks;
        _run = run;
        _sites = [.. Enumerable.Range(0, blocks).Select(block => lastFromFinalNorm && block == blocks - 1 ? new Site(SitePoint.FinalNorm, -1) : new Site(SitePoint.ResidPost, block))];
        _squares = new double[blocks];
    }

    /// <summary>
    /// Root mean square norm of the states after each block, over all positions of the texts that were asked to count but their first (which on most models has a norm of its own, hundreds of times
    /// the others'). What a strength of 1 means in the unit <see cref="StrengthUnit.Rms"/>.
    /// </summary>
    public double[] Norms => [.. _squares.Select(sum => Math.Sqrt(sum / Math.Max(1, _positions)))];

    /// <summary>The states of each text's last token: [text][block][width].</summary>
    /// <param name="counts">Whether the texts count for <see cref="Norms"/>.</param>
    /// <param name="advance">Called after each text.</param>
    public float[][][] OfLastTokens(IReadOnlyList<ImmutableArray<int>> texts, bool counts, Action advance)
    {
        var states = new float[texts.Count][][];
        for (int first = 0; first < texts.Count;)
        {
            int count = 0;
            for (long bytes = 0; first + count < texts.Count && (count == 0 || bytes + Bytes(texts[first + count], counts) <= MostBytesAtOnce); count++) bytes += Bytes(texts[first + count], counts);
            ReadSome(texts, first, count, counts, states, advance);
            first += count;
        }
        return states;
    }

    private void ReadSome(IReadOnlyList<ImmutableArray<int>> texts, int first, int count, bool counts, float[][][] states, Action advance)
    {
        using var arena = new Arena();
        var captures = Enumerable.Range(first, count).Select(text => Captures(arena, texts[text], counts)).ToList();
        var requests = captures.Select((capture, i) => new GenerationRequest { Id = "extraction", Prompt = texts[first + i], MaxTokens = 0, Captures = capture }).ToList();
        _run.Generate(requests, (i, _) =>
        {
            states[first + i] = [.. captures[i].Select(capture => capture.Destination.Row(capture.Destination.Rows - 1).ToArray())];
            if (counts) Count(captures[i]);
            advance();
        });
    }

    private ImmutableArray<CaptureRequest> Captures(Arena arena, ImmutableArray<int> text, bool wantsAll) =>
        [.. _sites.Select(site => new CaptureRequest(site, wantsAll ? 0 : text.Length - 1, arena.Matrix(wantsAll ? text.Length : 1, _run.Model.Sites.HiddenWidth)))];

    private void Count(ImmutableArray<CaptureRequest> captures)
    {
        for (int block = 0; block < captures.Length; block++)
            for (int position = 1; position < captures[block].Destination.Rows; position++)
                foreach (float value in captures[block].Destination.Row(position)) _squares[block] += (double)value * value;
        _positions += captures[0].Destination.Rows - 1;
    }

    private long Bytes(ImmutableArray<int> text, bool wantsAll) => (long)_sites.Length * (wantsAll ? text.Length : 1) * TensorView.Padded(_run.Model.Sites.HiddenWidth) * sizeof(float);
}
