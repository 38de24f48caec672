using System.Globalization;
using Spectre.Console;
using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>Operations for a person: how far they are while they run, and what came of them.</summary>
internal static class OperationView
{
    /// <summary>Follows an operation until it is done: one line that changes in a terminal, a line for each stage in a pipe.</summary>
    public static async Task<LongRunningOperation> FollowAsync(Terminal terminal, SteeringClient client, string id, CancellationToken cancellation)
    {
        if (terminal.CanRedraw) return await terminal.Console.Status().StartAsync(id, status => ReadAsync(now => status.Status = Markup.Escape(TerminalText.Escape(Describe(now)))));
        string told = "";
        return await ReadAsync(now =>
        {
            if (Stage(now) == told) return;
            told = Stage(now);
            terminal.Error.WriteLine(TerminalText.Escape(Describe(now)));
        });

        async Task<LongRunningOperation> ReadAsync(Action<LongRunningOperation> show)
        {
            LongRunningOperation? last = null;
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{LongRunningOperation.PathOf(id)}/events");
            await foreach (string data in client.EventsAsync(request, cancellation)) show(last = client.Parse(data, WireJson.Default.LongRunningOperation));
            return last is { Done: true } ? last : throw new RefusalException($"The server is stopping; the extraction goes on when it is back: steer operations watch {id}");
        }
    }

    /// <summary>What came of an operation, or how far it is.</summary>
    public static void Write(Terminal terminal, LongRunningOperation operation)
    {
        if (operation.Response is not { } result)
        {
            terminal.Out.WriteLine(TerminalText.Escape(operation.Error is { } error ? $"{operation.Id}: {operation.Metadata?.State}: {error.Message}" : Describe(operation)));
            return;
        }
        Listing.Write(terminal, ["block", "held-out AUC", "split-half cosine", "norm", "of the residual's"], (result.Blocks ?? []).Select(block => (string[])
        [
            $"{block.Block}{(block.Block == result.RecommendedBlock ? " *" : "")}", Number(block.HeldOutAuc, "0.00"), Number(block.SplitHalfCosine, "0.00"), Number(block.Norm, "g4"), Number(block.Norm / block.ResidualNorm, "g3"),
        ]));
        if (!terminal.OutputIsTerminal) return;
        terminal.Out.WriteLine(TerminalText.Escape($"{result.Vector}{(result.Existing == true ? " (the same content as before)" : "")} from {result.Examples} examples; * is the recommended block. Answers hold at strengths from {Number(result.Strength?.From, "0.###")} to {Number(result.Strength?.To, "0.###")} ({result.Strength?.Unit}). To use it:"));
        terminal.Out.WriteLine(TerminalText.Escape($"  \"steering\": {{\"use\": [{result.Use}]}}"));
    }

    /// <summary>One line: state, stage, share, time left.</summary>
    private static string Describe(LongRunningOperation operation)
    {
        var metadata = operation.Metadata ?? new OperationMetadata();
        string where = metadata.State == "running" ? $"{Stage(operation)}, {Number(metadata.Fraction * 100, "0")} %" : metadata.State ?? "";
        if (metadata.State == "queued") where += " (it waits for another one, or for its model)";
        return $"{operation.Id}: {metadata.Vector}: {where}{(metadata.RemainingSeconds is { } left ? $", about {Number(left, "0")} s left" : "")}";
    }

    private static string Stage(LongRunningOperation operation) => operation.Metadata is not { State: "running" } metadata ? operation.Metadata?.State ?? ""
        : metadata.Stages?.LastOrDefault(stage => stage.Total is not null) is { } stage ? $"{stage.Name} of {stage.Total}" : "running";

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
