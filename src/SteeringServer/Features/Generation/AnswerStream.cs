namespace SteeringServer.Features.Generation;

/// <summary>
/// Writes the updates of a running request as chunks: the announcement of each choice, its text as it comes, and a last chunk with the finish reason.
/// The very last chunk with a choice carries the receipt, so it waits for the unsteered twins.
/// </summary>
internal sealed class AnswerStream(SseChunks sse, GenerationRun run, GenerationRecord record, AnswerWriter writer, AnswerFormat format)
{
    private ChoiceUpdate? _last;
    private int _open = record.Choices.Length;
    private bool _isQuiet;

    /// <summary>Writes everything but the closing mark.</summary>
    public async Task WriteAsync(CancellationToken aborted)
    {
        if (format.AnnouncesChoices)
        {
            foreach (var choice in record.Choices) Write(new ChoiceUpdate { Index = choice.Index, Text = "" }, isAnnouncement: true);
            await sse.FlushAsync(aborted);
        }
        var updates = run.Updates;
        while (await updates.WaitToReadAsync(aborted))
        {
            // Whatever has piled up is written before the flush: one packet, not one a token.
            while (updates.TryRead(out var update)) Accept(update);
            await sse.FlushAsync(aborted);
            aborted.ThrowIfCancellationRequested();
        }
        if (_last is { } last)
        {
            writer.WriteChunk(sse.Begin(), last, record: record);
            sse.End();
        }
        if (record.Generation.Settings.IncludeUsage)
        {
            writer.WriteUsageChunk(sse.Begin(), record);
            sse.End();
        }
    }

    private void Accept(in ChoiceUpdate update)
    {
        if (update.Index < 0)
        {
            if (_isQuiet) sse.Heartbeat();
            _isQuiet = true;
            return;
        }
        record.Accept(update);
        if (update.IsUnsteered) return;
        _isQuiet = false;
        if (update.End is null)
        {
            Write(update);
            return;
        }
        if (update.Text.Length > 0) Write(update with { End = null });
        var end = update with { Text = "", Logprobs = update.Text.Length > 0 && update.Logprobs is not null ? [] : update.Logprobs };
        if (--_open > 0) Write(end);
        else _last = end;
    }

    private void Write(in ChoiceUpdate update, bool isAnnouncement = false)
    {
        writer.WriteChunk(sse.Begin(), update, isAnnouncement);
        sse.End();
    }
}
