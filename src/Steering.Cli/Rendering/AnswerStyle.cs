namespace Steering.Cli.Rendering;

/// <summary>How answers are shown.</summary>
/// <param name="Json">The raw response instead of text.</param>
/// <param name="Streamed">As tokens arrive, rather than when complete.</param>
/// <param name="Receipt">With a table of what was applied.</param>
internal sealed record AnswerStyle(bool Json, bool Streamed, bool Receipt);
