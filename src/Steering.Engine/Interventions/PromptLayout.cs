using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>What position rules need to know about a prompt.</summary>
/// <param name="Length">Tokens in the prompt, at least one.</param>
/// <param name="BosCount">Beginning-of-sequence tokens at its start.</param>
/// <param name="TemplateSpans">Half-open token spans that come from the chat template rather than from a message's content;
/// empty and known for a plain prompt.</param>
/// <param name="TemplateKnown">False where template and content could not be told apart.</param>
public sealed record PromptLayout(int Length, int BosCount, ImmutableArray<(int Start, int End)> TemplateSpans, bool TemplateKnown)
{
    /// <summary>With <see cref="TemplateKnown"/> false: why, as a clause for the user.</summary>
    public string WhyTemplateUnknown { get; init; } = "which tokens come from the template could not be determined for this prompt";

    /// <summary>A prompt of plain tokens.</summary>
    public static PromptLayout Plain(int length, int bosCount = 0) => new(length, bosCount, [], true);
}
