namespace Steering.Engine.Interventions;

/// <summary>How the tensors of a vector become the rows a kernel reads.</summary>
public enum DirectionPreparation
{
    /// <summary>As stored; scales go into the coefficient, so that all units share one tensor.</summary>
    AsStored,
    /// <summary>Rows made orthonormal in their order: the first keeps its direction, each further one the part at right angles to those before.</summary>
    Orthonormal,
}
