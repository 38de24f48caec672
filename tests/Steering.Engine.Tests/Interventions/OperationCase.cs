using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

/// <summary>One way to call an operation; <see cref="All"/> has every branch of every operation, with and without its modifiers.</summary>
public sealed record OperationCase(string Name, Operation Operation, int Rows, double Coefficient, OperationParameters Parameters, bool TimesTokenNorm, Renormalise Renormalise)
{
    private static readonly OperationCase[] Plain =
    [
        new("add", Operation.Add, 1, 1.7, OperationParameters.None, false, Renormalise.None),
        new("add token_norm", Operation.Add, 1, -0.4, OperationParameters.None, true, Renormalise.None),
        new("ablate", Operation.ScaleCoordinate, 1, 1, OperationParameters.None, false, Renormalise.None),
        new("scale subspace", Operation.ScaleCoordinate, 3, -0.6, OperationParameters.None, false, Renormalise.None),
        new("set", Operation.SetCoordinate, 1, 0.8, new() { Value = 1.3 }, false, Renormalise.None),
        new("clamp to min", Operation.SetCoordinate, 1, 0.8, new() { Min = 50 }, false, Renormalise.None),
        new("clamp to max", Operation.SetCoordinate, 1, 1, new() { Max = -50 }, false, Renormalise.None),
        new("clamp inside", Operation.SetCoordinate, 1, 1, new() { Min = -50, Max = 50 }, false, Renormalise.None),
        new("relu", Operation.SetCoordinate, 1, 0.7, new() { Value = 2, Relu = true }, false, Renormalise.None),
        new("rotate by", Operation.Rotate, 2, 0.9, new() { Rotation = RotationMode.By }, false, Renormalise.None),
        new("rotate to", Operation.Rotate, 2, 1, new() { Rotation = RotationMode.To, ToDegrees = 200 }, false, Renormalise.None),
        new("rotate halfway to", Operation.Rotate, 2, 0.5, new() { Rotation = RotationMode.To, ToDegrees = 40 }, false, Renormalise.None),
        new("boost", Operation.ProjectBoost, 3, 2.5, OperationParameters.None, false, Renormalise.None),
        new("boost one row", Operation.ProjectBoost, 1, -1.5, OperationParameters.None, false, Renormalise.None),
        new("boost token_norm", Operation.ProjectBoost, 4, 0.3, OperationParameters.None, true, Renormalise.None),
        new("low rank", Operation.LowRank, 7, 1, OperationParameters.None, false, Renormalise.None),
        new("low rank one row", Operation.LowRank, 3, -0.7, OperationParameters.None, false, Renormalise.None),
    ];

    public static TheoryData<OperationCase> All => [.. Plain, .. Plain.Select(plain => plain with { Name = plain.Name + " renormalised", Renormalise = Renormalise.Token })];

    /// <summary>What a compiled plan could have: orthonormal rows where the operation needs them, else rows as somebody stored them, no longer than a unit.</summary>
    public float[][] Directions(Random random, int width)
    {
        double[][] rows = Operation is Operation.Add or Operation.LowRank
            ? [.. Enumerable.Range(0, Rows).Select(_ => RandomRows.Row(random, width)).Select(row => Array.ConvertAll(row, value => value / Math.Sqrt(width)))]
            : RandomRows.Orthonormal(random, Rows, width);
        return Array.ConvertAll(rows, row => Array.ConvertAll(row, value => (float)value));
    }

    public override string ToString() => Name;
}
