using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace Steering.Engine.Vectors;

/// <summary>A vector that was read from a file, and how.</summary>
/// <param name="Vector">Without name and with version 0; who stores it gives it both.</param>
public sealed record VectorImport(SteeringVector Vector, ImportReport Report);

/// <summary>What a file was read as.</summary>
/// <param name="Format">Name of a <see cref="VectorFormat"/>: <c>gguf</c>.</param>
/// <param name="Convention">Name of a <see cref="VectorConvention"/>: <c>llama.cpp</c>.</param>
/// <param name="Translations">One per tensor of the vector, in forward order.</param>
/// <param name="Warnings">What was chosen where the file leaves a choice, and what of it the vector does not hold.</param>
public sealed record ImportReport(string Format, string Convention, ImmutableArray<Translation> Translations, ImmutableArray<string> Warnings);

/// <summary>Where a tensor came from and went to.</summary>
/// <param name="Source">Its name or row in the file: <c>direction.3</c>, <c>row 3</c>.</param>
/// <param name="Target">Its name in the vector: <c>resid_post.3</c>, <c>norm_attn.9.b1</c>.</param>
/// <param name="Note">Where an index moved or it was measured in another space than it is added in; null where there is nothing to say.</param>
public sealed record Translation(string Source, string Target, string? Note);
