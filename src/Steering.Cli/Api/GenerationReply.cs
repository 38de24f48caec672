namespace Steering.Cli.Api;

/// <summary>An answer or one chunk of it. Chat and completion, streamed and whole differ only in which member of a choice holds the text.</summary>
internal sealed record GenerationReply
{
    public IReadOnlyList<ReplyChoice>? Choices { get; init; }

    /// <summary>In a whole answer, and in the last chunks of a stream.</summary>
    public SteeringReceipt? Steering { get; init; }

    /// <summary>Set instead of choices when generation failed after the stream had begun.</summary>
    public ApiError? Error { get; init; }

    public string Text => Choices is [var choice, ..] ? choice.Delta?.Content ?? choice.Message?.Content ?? choice.Text ?? "" : "";

    public string? FinishReason => Choices is [var choice, ..] ? choice.FinishReason : null;
}

/// <summary>A choice with its text in <see cref="Text"/> (completion), <see cref="Message"/> (chat) or <see cref="Delta"/> (streamed chat).</summary>
internal sealed record ReplyChoice
{
    public string? Text { get; init; }
    public ReplyContent? Message { get; init; }
    public ReplyContent? Delta { get; init; }
    public string? FinishReason { get; init; }
}

internal sealed record ReplyContent(string? Content);
