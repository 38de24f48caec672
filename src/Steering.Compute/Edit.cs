namespace Steering.Compute;

/// <summary>What an edit does to a row h; the formulas are those of docs/decisions.md 11.</summary>
public enum EditKind
{
    /// <summary>h + c v.</summary>
    Add,
    /// <summary>h - c sum_i &lt;h,u_i&gt; u_i.</summary>
    ScaleCoordinate,
    /// <summary>h + c (clamp(x, Low, High) - x) d, x = &lt;h,d&gt;.</summary>
    SetCoordinate,
    /// <summary>h + c (Low - max(x, 0)) d.</summary>
    SetRectified,
    /// <summary>Rotation by the angle whose cosine is Low and sine High.</summary>
    RotateBy,
    /// <summary>h + c (r(h) - h), r rotating the in-plane part to the angle whose cosine is Low and sine High.</summary>
    RotateTo,
    /// <summary>h + c unit(U^T U h).</summary>
    ProjectBoost,
    /// <summary>h + c R^T (W h + b - R h).</summary>
    LowRank,
}

/// <summary>One edit of one row of a step: plain data that the kernel reads. Edits of a row are applied in list order; rows are ascending.</summary>
public readonly record struct Edit
{
    /// <summary>Row of the step.</summary>
    public int Row { get; init; }
    public EditKind Kind { get; init; }

    /// <summary>Number of directions; of a low-rank map the rows of R.</summary>
    public int Rank { get; init; }

    /// <summary>The coefficient is multiplied by |h|.</summary>
    public bool TimesNorm { get; init; }

    /// <summary>The row's norm is restored afterwards.</summary>
    public bool Renormalise { get; init; }

    /// <summary>Address of the directions: f32 [Rank][width padded to 16], padding zero. Of a low-rank map R, then W, then a row that begins with b.</summary>
    public nint Directions { get; init; }

    /// <summary>c above.</summary>
    public float Coefficient { get; init; }
    public float Low { get; init; }
    public float High { get; init; }
}

/// <summary>A row of a step and what its addend is multiplied by.</summary>
public readonly record struct RowWeight(int Row, float Weight);

/// <summary>Copies a row of a step elsewhere.</summary>
/// <param name="Row">Row of the step.</param>
/// <param name="Destination">Address of as many floats as the row has columns.</param>
public readonly record struct RowCopy(int Row, nint Destination);
