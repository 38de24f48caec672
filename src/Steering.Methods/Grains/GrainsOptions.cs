using System.Collections.Immutable;
using Steering.Engine.Attribution;

namespace Steering.Methods.Grains;

/// <summary>Which tokens are taken to matter.</summary>
public enum TokenChoice
{
    /// <summary>Those that speak most for the preferred answer.</summary>
    Positive,

    /// <summary>Those that speak most against it.</summary>
    Negative,

    /// <summary>Those with the largest scores of either sign.</summary>
    Absolute,
}

/// <summary>How differences become a direction.</summary>
public enum DifferenceSummary
{
    /// <summary>First principal component, oriented by the differences' mean.</summary>
    FirstComponent,
    Mean,
}

/// <summary>Options of GrAInS (arXiv 2507.18043; code duykhuongnguyen/GrAInS).</summary>
public sealed record GrainsOptions
{
    /// <summary>The authors' scripts for language models: positive minus negative, ten tokens, twenty points from zero.</summary>
    public static GrainsOptions Default { get; } = new();

    /// <summary>How tokens are scored.</summary>
    public AttributionOptions Attribution { get; init; } = new() { Baseline = AttributionBaseline.Zero, Rule = AttributionRule.GaussLegendre };

    /// <summary>Tokens to ablate in each text; all of them where it has fewer.</summary>
    public int TopK { get; init; } = 10;

    /// <summary>Each choice's direction with its sign: positive alone, or positive minus negative (the code's <c>both</c>).</summary>
    public ImmutableArray<(TokenChoice Choice, int Sign)> Choices { get; init; } = [(TokenChoice.Positive, 1), (TokenChoice.Negative, -1)];

    public DifferenceSummary Summary { get; init; } = DifferenceSummary.FirstComponent;

    /// <summary>What replaces an ablated token, and the token of the pad baseline.</summary>
    public int PadToken { get; init; }

    /// <summary>Blocks the vector acts after; empty: the recommended one.</summary>
    public ImmutableArray<int> Blocks { get; init; } = [];

    /// <summary>
    /// The form of the released code where it departs from the paper: the objective is the last token's log-probability at its own position, and the last block's states are taken after the final norm.
    /// </summary>
    public bool AsReleased { get; init; }
}
