using Steering.Compute;
using Steering.Engine.Interventions;

namespace Steering.Engine.Running;

/// <summary>A planned edit bound to device memory for one running sequence.</summary>
/// <param name="Plan">What to do.</param>
/// <param name="SiteIndex">Index of its site in the model's <see cref="SiteTable"/>.</param>
/// <param name="Directions">Address of its directions.</param>
/// <param name="CountsUse">True for the first edit of a use: the one whose positions the receipt counts.</param>
internal sealed record PreparedEdit(PlannedEdit Plan, int SiteIndex, nint Directions, bool CountsUse)
{
    /// <summary>The kernel's edit of a row. Allocates nothing.</summary>
    public Edit At(int row, double coefficient)
    {
        var p = Plan.Parameters;
        var (kind, low, high) = Plan.Operation switch
        {
            Operation.Add => (EditKind.Add, 0.0, 0.0),
            Operation.ScaleCoordinate => (EditKind.ScaleCoordinate, 0, 0),
            Operation.SetCoordinate when p.Relu => (EditKind.SetRectified, p.Value!.Value, 0),
            Operation.SetCoordinate => (EditKind.SetCoordinate, p.Value ?? p.Min ?? double.NegativeInfinity, p.Value ?? p.Max ?? double.PositiveInfinity),
            Operation.Rotate when p.Rotation == RotationMode.To => (EditKind.RotateTo, Math.Cos(Radians(p.ToDegrees!.Value)), Math.Sin(Radians(p.ToDegrees!.Value))),
            Operation.Rotate => (EditKind.RotateBy, Math.Cos(coefficient), Math.Sin(coefficient)),
            Operation.ProjectBoost => (EditKind.ProjectBoost, 0, 0),
            Operation.LowRank => (EditKind.LowRank, 0, 0),
            _ => throw new InvalidOperationException($"Operation {Plan.Operation} has no kernel."),
        };
        return new Edit
        {
            Row = row,
            Kind = kind,
            Rank = kind == EditKind.LowRank ? Plan.Directions.Rows / 2 : Plan.Directions.Rows,
            TimesNorm = Plan.TimesTokenNorm,
            Renormalise = Plan.Renormalise == Renormalise.Token,
            Directions = Directions,
            Coefficient = (float)coefficient,
            Low = (float)low,
            High = (float)high,
        };
    }

    private static double Radians(double degrees) => degrees * Math.PI / 180;
}
