namespace Steering.Engine.Interventions;

/// <summary>The stable codes of <see cref="SteeringProblem"/>; clients branch on them, so they never change meaning.</summary>
public static class SteeringProblemCode
{
    /// <summary>The model lacks the site, or refuses it.</summary>
    public const string UnknownSite = "unknown_site";
    /// <summary>The block is outside the model.</summary>
    public const string BlockOutOfRange = "block_out_of_range";
    /// <summary>The vector has no tensor at a selected site.</summary>
    public const string MissingTensor = "missing_tensor";
    /// <summary>The vector has tensors at the site, but not those that the operation reads.</summary>
    public const string MissingRole = "missing_role";
    /// <summary>The tensor's width is not the site's.</summary>
    public const string WidthMismatch = "width_mismatch";
    /// <summary>The tensor has more rows than the operation takes.</summary>
    public const string BadShape = "bad_shape";
    /// <summary>A direction has no length.</summary>
    public const string ZeroVector = "zero_vector";
    /// <summary>Directions that should span a plane or subspace are linearly dependent.</summary>
    public const string DependentDirections = "dependent_directions";
    /// <summary>A value is not a finite number, or a residual norm not a positive one.</summary>
    public const string BadValue = "bad_value";
    /// <summary>The operation does not know the unit.</summary>
    public const string UnitNotSupported = "unit_not_supported";
    /// <summary>The unit is rms and the vector has no residual norm for the site.</summary>
    public const string MissingResidualNorm = "missing_residual_norm";
    /// <summary>The operation has no default strength.</summary>
    public const string MissingStrength = "missing_strength";
    /// <summary>A strength is not a number or outside what the operation takes.</summary>
    public const string BadStrength = "bad_strength";
    /// <summary>A parameter is missing, contradictory, not a number, or not one the operation knows.</summary>
    public const string BadParameter = "bad_parameter";
    /// <summary>A schedule that cannot be followed.</summary>
    public const string BadSchedule = "bad_schedule";
    /// <summary>A rule for positions that is malformed or contradicts itself.</summary>
    public const string BadPositions = "bad_positions";
    /// <summary>Template tokens were to be excluded from a prompt whose template tokens are not known.</summary>
    public const string TemplateUnknown = "template_unknown";
}
