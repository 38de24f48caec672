using System.Collections.Immutable;
using Steering.Engine.Attribution;

namespace SteeringServer.Features.Attribution;

/// <summary>What one answer's log-probability owes to each token.</summary>
/// <param name="Name"><c>answer</c> or <c>contrast</c>.</param>
/// <param name="Tokens">Prompt and answer.</param>
/// <param name="PromptLength">Tokens of the prompt.</param>
internal sealed record AttributionSide(string Name, ImmutableArray<int> Tokens, int PromptLength, AttributionResult Result);

/// <summary>The answer to a <c>POST /v1/attributions</c>.</summary>
/// <param name="Warnings">Of the steering that was active.</param>
internal sealed record AttributionMap(AttributionRequest Request, string Model, string SystemFingerprint, ImmutableArray<AttributionSide> Sides, ImmutableArray<string> Warnings)
{
    /// <summary>The objective: the answer's log-probability, less the contrast's.</summary>
    public double Value => Sides.Sum(side => side.Result.Value);

    public double BaselineValue => Sides.Sum(side => side.Result.BaselineValue);

    public double Sum => Sides.Sum(side => side.Result.Sum);
}
