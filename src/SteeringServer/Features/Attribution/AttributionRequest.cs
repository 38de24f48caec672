using Steering.Engine.Attribution;
using SteeringServer.Features.Generation;
using SteeringServer.Features.Steering;

namespace SteeringServer.Features.Attribution;

/// <summary>A parsed <c>POST /v1/attributions</c>.</summary>
/// <param name="Prompt">A text; null where there is a conversation.</param>
/// <param name="Conversation">Null where there is a text.</param>
/// <param name="Answer">What the model is asked about.</param>
/// <param name="Contrast">An answer whose log-probability counts negatively; null: none.</param>
/// <param name="LastTokenOnly">The objective of GrAInS's released code: the last token at its own position.</param>
internal sealed record AttributionRequest(CompletionPrompt? Prompt, Conversation? Conversation, string Answer, string? Contrast, bool LastTokenOnly, AttributionOptions Options, SteeringRequest Steering)
{
    public bool AddSpecialTokens { get; init; } = true;

    public bool? ParseSpecial { get; init; }

    /// <summary>Whether the answer is a stream that says how far it is, and ends with the attributions.</summary>
    public bool Stream { get; init; }
}
