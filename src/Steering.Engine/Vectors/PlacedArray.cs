using Steering.Engine.Interventions;

namespace Steering.Engine.Vectors;

/// <summary>An array of a file and where it belongs.</summary>
/// <param name="Source">Its name in the file, for messages and the report.</param>
/// <param name="Role">Of <see cref="SteeringTensor.Role"/>.</param>
/// <param name="Array">Its values belong to the vector from here on; several places may share them.</param>
/// <param name="Note">Of <see cref="Translation.Note"/>.</param>
internal sealed record PlacedArray(string Source, Site Site, string Role, StoredArray Array, string? Note = null)
{
    public string Target => Role.Length == 0 ? Site.ToString() : $"{Site}.{Role}";
}
