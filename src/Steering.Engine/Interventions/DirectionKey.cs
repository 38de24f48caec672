namespace Steering.Engine.Interventions;

/// <summary>What a <see cref="DirectionTensor"/> is made from; equal keys give equal values.</summary>
/// <param name="VectorSha256">Content of the vector.</param>
/// <param name="Site">The site whose tensors are read (not where they are applied).</param>
/// <param name="Roles">The roles read, in order, joined by commas.</param>
/// <param name="Preparation">What is done to them.</param>
public readonly record struct DirectionKey(string VectorSha256, Site Site, string Roles, DirectionPreparation Preparation);
