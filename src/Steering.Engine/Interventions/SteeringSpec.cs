using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>What is done to an activation h (docs/decisions.md 11). Strength 0 is the exact identity for each.</summary>
public enum Operation
{
    /// <summary>h + s v.</summary>
    Add,
    /// <summary>h - s &lt;h,d&gt; d with unit d: 1 ablates, 2 reflects. Alias: ablate, erase.</summary>
    ScaleCoordinate,
    /// <summary>h + s (c' - &lt;h,d&gt;) d with unit d; c' from value, or min and max. Alias: clamp.</summary>
    SetCoordinate,
    /// <summary>Rotation in the plane (b1, b2), by an angle or to an angle.</summary>
    Rotate,
    /// <summary>h + s unit(U^T U h) with orthonormal rows U.</summary>
    ProjectBoost,
}

/// <summary>What a strength counts (docs/decisions.md 12).</summary>
public enum StrengthUnit
{
    /// <summary>Multiples of the stored tensor.</summary>
    Raw,
    /// <summary>Multiples of the site's root mean square residual norm, along v / |v|.</summary>
    Rms,
    /// <summary>Multiples of the token's own |h|, along v / |v|.</summary>
    TokenNorm,
    /// <summary>An angle.</summary>
    Degrees,
    /// <summary>A blend: 0 is h, 1 the whole operation.</summary>
    Fraction,
}

/// <summary>Whether the token's norm is restored after an operation.</summary>
public enum Renormalise { None, Token }

/// <summary>How <see cref="Operation.Rotate"/> reads its angle.</summary>
public enum RotationMode
{
    /// <summary>By the strength, in degrees: 0 is the identity (Selective Steering).</summary>
    By,
    /// <summary>To <see cref="OperationParameters.ToDegrees"/>, blended by the strength (Angular Steering).</summary>
    To,
}

/// <summary>Parameters of an operation beside its strength; only those that the operation knows may be set.</summary>
public sealed record OperationParameters
{
    public static OperationParameters None { get; } = new();

    /// <summary>set_coordinate: the target.</summary>
    public double? Value { get; init; }

    /// <summary>set_coordinate: lower bound of the coordinate.</summary>
    public double? Min { get; init; }

    /// <summary>set_coordinate: upper bound of the coordinate.</summary>
    public double? Max { get; init; }

    /// <summary>set_coordinate, mode <c>relu</c>: the target replaces max(coordinate, 0) instead of the coordinate.</summary>
    public bool Relu { get; init; }

    /// <summary>rotate: by or to; null is by.</summary>
    public RotationMode? Rotation { get; init; }

    /// <summary>rotate, mode <c>to</c>: the angle measured from b1.</summary>
    public double? ToDegrees { get; init; }
}

/// <summary>How a strength changes over the generated tokens. Prompt positions and the first generated token have the initial strength.</summary>
public enum ScheduleKind { Constant, Linear, Exponential }

/// <summary>Strength at generated index t (0-based): from s to <paramref name="To"/> over <paramref name="Over"/> tokens, then constant.</summary>
public sealed record Schedule(ScheduleKind Kind, double To = 0, int Over = 0)
{
    public static Schedule Constant { get; } = new(ScheduleKind.Constant);
}

/// <summary>Which part of the generation is steered (docs/decisions.md 14).</summary>
public enum GenerationPhase
{
    /// <summary>Positions from the prompt's length on.</summary>
    All,
    /// <summary>No generated position.</summary>
    None,
    /// <summary>Generated positions and the last prompt position: whatever a sampled token is computed from.</summary>
    Decode,
}

/// <summary>Positions a vector acts on: an intersection of phase, windows, spans and token ids, minus exclusions. All null: every position, BOS included.</summary>
public sealed record PositionRule
{
    public static PositionRule Everywhere { get; } = new();

    /// <summary>Whether prompt positions are steered.</summary>
    public bool Prompt { get; init; } = true;

    public GenerationPhase Generation { get; init; } = GenerationPhase.All;

    /// <summary>Half-open window of prompt positions; negative counts from the prompt's end; null end means the prompt's end.</summary>
    public (int Start, int? End)? PromptWindow { get; init; }

    /// <summary>Half-open window of generated positions, 0 is the first generated token.</summary>
    public (int Start, int? End)? GenerationWindow { get; init; }

    /// <summary>Half-open spans of prompt positions, negative from the prompt's end; a prompt position must lie in one of them.</summary>
    public ImmutableArray<(int Start, int? End)> Spans { get; init; } = [];

    /// <summary>Only positions whose token is one of these; empty means any.</summary>
    public ImmutableArray<int> Tokens { get; init; } = [];

    /// <summary>Leave out beginning-of-sequence tokens at the start of the prompt.</summary>
    public bool ExcludeBos { get; init; }

    /// <summary>Leave out prompt tokens that come from the chat template rather than from a message's content.</summary>
    public bool ExcludeTemplate { get; init; }

    /// <summary>Leave out the first n positions.</summary>
    public int ExcludeFirst { get; init; }
}

/// <summary>Selects sites: a point with a range of blocks, both inclusive; null blocks means all.</summary>
public sealed record SiteSelector(SitePoint Point, int? First = null, int? Last = null)
{
    public bool Matches(Site site) => site.Point == Point && (First is null || (site.Block >= First && site.Block <= (Last ?? First)));

    /// <summary>Reads <c>resid_post.4</c>, <c>norm_attn.2-5</c>, <c>resid_post.*</c>, <c>embed</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SiteSelector selector)
    {
        selector = new SiteSelector(SitePoint.Embed);
        if (Site.TryParse(text, out var site))
        {
            selector = Site.IsGlobal(site.Point) ? new SiteSelector(site.Point) : new SiteSelector(site.Point, site.Block, site.Block);
            return true;
        }
        int dot = text.IndexOf('.');
        if (dot < 0 || !Site.TryParsePoint(text[..dot], out var point) || Site.IsGlobal(point)) return false;
        var blocks = text[(dot + 1)..];
        if (blocks is "*")
        {
            selector = new SiteSelector(point);
            return true;
        }
        int dash = blocks.IndexOf('-');
        if (dash < 0 || !TryBlock(blocks[..dash], out int first) || !TryBlock(blocks[(dash + 1)..], out int last) || last < first) return false;
        selector = new SiteSelector(point, first, last);
        return true;
    }

    private static bool TryBlock(ReadOnlySpan<char> text, out int block) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out block);

    public override string ToString() => Site.IsGlobal(Point) ? Site.NameOf(Point)
        : First is null ? $"{Site.NameOf(Point)}.*"
        : First == Last ? $"{Site.NameOf(Point)}.{First}" : $"{Site.NameOf(Point)}.{First}-{Last}";
}

/// <summary>One use of a vector: which, how strongly, where in the network, when in the text.</summary>
public sealed record VectorUse
{
    /// <summary>Field path of this use in the request (<c>steering.use[0]</c>): prefix of every problem reported about it.</summary>
    public required string Path { get; init; }

    /// <summary>The vector, resolved against one snapshot of the catalog (or built from an inline tensor).</summary>
    public required SteeringVector Vector { get; init; }

    /// <summary>How the request wrote it, for the receipt: <c>cheerful@prod</c>.</summary>
    public required string Reference { get; init; }

    /// <summary>Null: 1 for most operations; rotate by an angle has no default.</summary>
    public double? Strength { get; init; }

    /// <summary>Null: the vector's own unit.</summary>
    public StrengthUnit? Unit { get; init; }

    /// <summary>Where to act; empty: every site the vector has tensors for.</summary>
    public ImmutableArray<SiteSelector> Sites { get; init; } = [];

    public Operation Operation { get; init; } = Operation.Add;
    public OperationParameters Parameters { get; init; } = OperationParameters.None;
    public PositionRule Apply { get; init; } = PositionRule.Everywhere;
    public Schedule Schedule { get; init; } = Schedule.Constant;
    public Renormalise Renormalise { get; init; }
}

/// <summary>A request's steering recipe after parsing and resolving names; uses act in list order within a site.</summary>
public sealed record SteeringSpec(ImmutableArray<VectorUse> Use)
{
    public static SteeringSpec None { get; } = new([]);
}
