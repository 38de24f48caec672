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
    /// <summary>h + s R^T (W h + b - R h): with orthonormal rows R and s = 1 the part of h in their span becomes R^T (W h + b) (LoReFT, arXiv 2404.03592, equation 2).</summary>
    LowRank,
}
