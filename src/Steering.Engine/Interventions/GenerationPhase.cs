namespace Steering.Engine.Interventions;

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
