namespace Steering.Engine.Interventions;

/// <summary>How <see cref="Operation.Rotate"/> reads its angle.</summary>
public enum RotationMode
{
    /// <summary>By the strength, in degrees: 0 is the identity (Selective Steering).</summary>
    By,
    /// <summary>To <see cref="OperationParameters.ToDegrees"/>, blended by the strength (Angular Steering).</summary>
    To,
}
