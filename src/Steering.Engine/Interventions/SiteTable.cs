using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>
/// The sites of one loaded model: which exist, how wide they are, and for those that do not, the sentence a user reads.
/// Immutable. Indices are dense and in forward order, and a refused site keeps its index: refusing one moves no other.
/// </summary>
public sealed class SiteTable
{
    private static readonly SitePoint[] BlockPoints = [.. Enum.GetValues<SitePoint>().Where(point => !Site.IsGlobal(point))];

    private readonly FrozenDictionary<Site, string> _refused;

    /// <param name="blocks">Transformer blocks, at least one.</param>
    /// <param name="hiddenWidth">Width of the residual stream and of everything added to it.</param>
    /// <param name="headWidth">Width of <c>head_in</c>: heads * head dimension, which need not be the hidden width.</param>
    /// <param name="mlpWidth">Width of <c>mlp_gate</c> and <c>mlp_act</c>.</param>
    /// <param name="refused">Sites this model lacks or that failed the self-test, each with the reason as a clause: "block 3 is a mixture of experts".</param>
    /// <param name="modelFingerprint">Fingerprint of the model; a vector made with another one is used with a warning
    /// (docs/decisions.md 21). Null: not compared.</param>
    public SiteTable(
        int blocks, int hiddenWidth, int headWidth, int mlpWidth, IReadOnlyDictionary<Site, string>? refused = null, string? modelFingerprint = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(headWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mlpWidth, 1);
        (Blocks, HiddenWidth, HeadWidth, MlpWidth, ModelFingerprint) = (blocks, hiddenWidth, headWidth, mlpWidth, modelFingerprint);
        Count = 2 + blocks * BlockPoints.Length;
        _refused = (refused ?? ImmutableDictionary<Site, string>.Empty).ToFrozenDictionary();
        All = [.. Enumerable.Range(0, Count).Select(SiteAt).Where(Exists)];
    }

    public int Blocks { get; }
    public int HiddenWidth { get; }
    public int HeadWidth { get; }
    public int MlpWidth { get; }
    public string? ModelFingerprint { get; }

    /// <summary>Number of indices, refused sites included: arrays by <see cref="IndexOf"/> have this length.</summary>
    public int Count { get; }

    /// <summary>The sites that exist, in forward order.</summary>
    public ImmutableArray<Site> All { get; }

    /// <summary>The same table with further sites refused.</summary>
    public SiteTable Refusing(IReadOnlyDictionary<Site, string> reasons)
    {
        var all = new Dictionary<Site, string>(_refused);
        foreach (var (site, reason) in reasons) all[site] = reason;
        return new SiteTable(Blocks, HiddenWidth, HeadWidth, MlpWidth, all, ModelFingerprint);
    }

    /// <summary>Dense index in forward order: embed is 0, final_norm the last.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The site is not one of this model's shape.</exception>
    public int IndexOf(Site site)
    {
        if (!IsInShape(site)) throw new ArgumentOutOfRangeException(nameof(site), site, WhyNot(site));
        return site.Point switch
        {
            SitePoint.Embed => 0,
            SitePoint.FinalNorm => Count - 1,
            var point => 1 + site.Block * BlockPoints.Length + (point - BlockPoints[0]),
        };
    }

    /// <summary>The site with an index; the inverse of <see cref="IndexOf"/>.</summary>
    public Site SiteAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        if (index == 0) return new Site(SitePoint.Embed, -1);
        if (index == Count - 1) return new Site(SitePoint.FinalNorm, -1);
        var (block, point) = Math.DivRem(index - 1, BlockPoints.Length);
        return new Site(BlockPoints[point], block);
    }

    /// <summary>Values per token at a site.</summary>
    public int Width(Site site) => Width(site.Point);

    public int Width(SitePoint point) => point switch
    {
        SitePoint.HeadIn => HeadWidth,
        SitePoint.MlpGate or SitePoint.MlpAct => MlpWidth,
        _ => HiddenWidth,
    };

    public bool Exists(Site site) => IsInShape(site) && !_refused.ContainsKey(site);

    /// <summary>Why a site cannot be used with this model, as a sentence for the user; null where it exists.</summary>
    public string? WhyNot(Site site)
    {
        if (IsInShape(site)) return RefusalOf(site) is { } reason ? $"{site} is not available in this model: {reason}" : null;
        return Site.IsGlobal(site.Point)
            ? $"{Site.NameOf(site.Point)} exists once in a model and takes no block; found block {site.Block}"
            : $"block {site.Block} of {Site.NameOf(site.Point)} is out of range; {ValidBlocks}";
    }

    /// <summary>The reason given for refusing a site of this model's shape, as a clause; null where it was not refused.</summary>
    internal string? RefusalOf(Site site) => _refused.GetValueOrDefault(site);

    /// <summary>The valid blocks, for messages.</summary>
    internal string ValidBlocks => Blocks == 1 ? "this model has one block, 0" : $"this model has blocks 0 to {Blocks - 1}";

    private bool IsInShape(Site site) => Site.IsGlobal(site.Point) ? site.Block == -1 : site.Block >= 0 && site.Block < Blocks;
}
