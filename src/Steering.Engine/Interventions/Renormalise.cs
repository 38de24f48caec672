namespace Steering.Engine.Interventions;

/// <summary>Whether the token's norm is restored after an operation.</summary>
public enum Renormalise { None, Token }
