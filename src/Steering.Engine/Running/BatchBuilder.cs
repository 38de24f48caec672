using System.Runtime.InteropServices;
using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Scheduling;

namespace Steering.Engine.Running;

/// <summary>Turns scheduled chunks into a <see cref="Batch"/>: tokens, places, which rows are edited how, which are copied out, which need logits. Allocates nothing once its lists have grown.</summary>
internal static class BatchBuilder
{
    public static void Build(Batch batch, IReadOnlyList<ScheduledChunk> chunks, SiteTable sites)
    {
        batch.Clear();
        for (int i = 0; i < chunks.Count; i++) Append(batch, chunks[i], sites);
    }

    private static void Append(Batch batch, ScheduledChunk chunk, SiteTable sites)
    {
        var sequence = chunk.Sequence;
        var request = sequence.Request;
        int table = batch.Tables.Count, prompt = request.Prompt.Length;
        int blocks = (chunk.First + chunk.Count + KvCache.BlockLength - 1) / KvCache.BlockLength;
        for (int b = 0; b < blocks; b++) batch.Tables.Add(sequence.Blocks[b]);
        for (int position = chunk.First; position < chunk.First + chunk.Count; position++)
        {
            int row = batch.Rows, token = sequence.Tokens[position];
            batch.Ids.Add(token);
            batch.Positions.Add(position);
            batch.Capacities.Add(sequence.Capacity);
            batch.TableStarts.Add(table);
            if (sequence.Edits.Length > 0) AddEdits(batch, sequence, row, position, token);
            bool last = position == sequence.Count - 1;
            if (last && sequence.GeneratedCount < request.MaxTokens) batch.Logits.Add(new LogitsRow(row, sequence, sequence.Count));
            else if (request.PromptLogprobs is not null && position + 1 < prompt) batch.Logits.Add(new LogitsRow(row, sequence, position + 1));
        }
        if (request.Captures.Length > 0) AddCopies(batch, chunk, sites);
    }

    private static void AddEdits(Batch batch, Sequence sequence, int row, int position, int token)
    {
        int prompt = sequence.Request.Prompt.Length;
        foreach (var edit in sequence.Edits)
        {
            double coefficient = edit.Plan.CoefficientAt(position, token, prompt);
            if (coefficient == 0) continue; // exactly the identity
            batch.Edits(edit.SiteIndex).Add(edit.At(row, coefficient));
            if (edit.CountsUse) (position < prompt ? sequence.PromptSteered : sequence.GeneratedSteered)[edit.Plan.Use]++;
        }
    }

    private static void AddCopies(Batch batch, ScheduledChunk chunk, SiteTable sites)
    {
        int firstRow = batch.Rows - chunk.Count;
        foreach (var capture in ImmutableCollectionsMarshal.AsArray(chunk.Sequence.Request.Captures)!)
        {
            int site = sites.IndexOf(capture.Site);
            int first = Math.Max(chunk.First, capture.First), end = Math.Min(chunk.First + chunk.Count, capture.First + capture.Destination.Rows);
            var copies = capture.BeforeEdits ? batch.CopiesBefore(site) : batch.CopiesAfter(site);
            for (int position = first; position < end; position++)
                copies.Add(new RowCopy(firstRow + position - chunk.First, capture.Destination.Address + (nint)(position - capture.First) * capture.Destination.Stride * sizeof(float)));
        }
    }
}
