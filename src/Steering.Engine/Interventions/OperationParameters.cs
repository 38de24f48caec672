namespace Steering.Engine.Interventions;

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
