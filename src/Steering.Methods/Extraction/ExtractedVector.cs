using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace Steering.Methods.Extraction;

/// <summary>What an extraction gives.</summary>
/// <param name="Tensors">One direction a block.</param>
/// <param name="ResidualNorms">What strengths are multiples of, by site.</param>
/// <param name="Blocks">What is known of every block's direction, those that were not asked for included.</param>
/// <param name="RecommendedBlock">The best of them.</param>
/// <param name="Strength">How strongly it can be used.</param>
/// <param name="Renormalise">Whether the method restores norms.</param>
/// <param name="Provenance">How it was made: method, options, data.</param>
public sealed record ExtractedVector(ImmutableArray<SteeringTensor> Tensors, ImmutableDictionary<Site, float> ResidualNorms, ImmutableArray<BlockDiagnostics> Blocks, int RecommendedBlock, StrengthRange Strength,
    Renormalise Renormalise, ImmutableSortedDictionary<string, string> Provenance);
