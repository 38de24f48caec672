using System.Runtime.CompilerServices;
using System.Text;
using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>Sends a request and shows its answer in the style asked for.</summary>
internal sealed class AnswerView(SteeringClient client, Terminal terminal, AnswerStyle style)
{
    /// <summary>Shows one answer and returns its text.</summary>
    public async Task<string> ShowAsync(GenerationCall call, CancellationToken cancellation)
    {
        if (style.Json)
        {
            var whole = await client.CompleteAsync(call, cancellation);
            terminal.Out.WriteLine(ForOutput(whole.Json));
            return whole.Value.Text;
        }
        var answer = new Answer();
        await foreach (var reply in RepliesAsync(call, cancellation))
        {
            answer.Add(reply);
            await terminal.Out.WriteAsync(ForOutput(reply.Text).AsMemory(), cancellation);
            await terminal.Out.FlushAsync(cancellation);
        }
        EndLine(answer.Text);
        WriteEnding(answer, call);
        return answer.Text;
    }

    /// <summary>Shows the answer with and without steering, generated at the same time, and returns the steered text.</summary>
    /// <param name="call">The steered request; its seed must be set, or the texts would differ by chance.</param>
    /// <param name="label">What steers it, for the heading.</param>
    public async Task<string> ShowBesideUnsteeredAsync(GenerationCall call, string label, CancellationToken cancellation)
    {
        var unsteered = call.Unsteered();
        if (style.Json)
        {
            var both = await Task.WhenAll(client.CompleteAsync(unsteered, cancellation), client.CompleteAsync(call, cancellation));
            terminal.Out.WriteLine(ForOutput($$"""{"unsteered":{{both[0].Json}},"steered":{{both[1].Json}}}"""));
            return both[1].Value.Text;
        }
        var answers = new[] { new Answer(), new Answer() };
        var replies = ConcurrentReplies.MergeAsync([RepliesAsync(unsteered, cancellation), RepliesAsync(call, cancellation)], cancellation);
        string[] headings = ["unsteered", $"steered: {label}"];
        if (terminal.CanRedraw)
        {
            await SideBySide.ShowAsync(terminal.Console, headings, answers, replies);
        }
        else
        {
            await foreach (var (index, reply) in replies) answers[index].Add(reply);
            for (int i = 0; i < answers.Length; i++)
            {
                terminal.Out.WriteLine($"== {ForOutput(headings[i])} ==");
                terminal.Out.Write(ForOutput(answers[i].Text));
                EndLine(answers[i].Text);
                if (i == 0) terminal.Out.WriteLine();
            }
        }
        WriteEnding(answers[1], call);
        return answers[1].Text;
    }

    private async IAsyncEnumerable<GenerationReply> RepliesAsync(GenerationCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (style.Streamed)
        {
            await foreach (var reply in client.StreamAsync(call, cancellation)) yield return reply;
        }
        else
        {
            yield return (await client.CompleteAsync(call, cancellation)).Value;
        }
    }

    private void WriteEnding(Answer answer, GenerationCall call)
    {
        if (answer.FinishReason is "length" && terminal.OutputIsTerminal)
            terminal.Error.WriteLine(call.Body.MaxTokens is { } limit ? $"[stopped after {limit} tokens; --max-tokens sets the limit]" : "[stopped: the model's context is full]");
        if (style.Receipt)
        {
            terminal.Out.WriteLine();
            ReceiptTable.Write(terminal, answer.Receipt);
        }
    }

    private void EndLine(string text)
    {
        if (!text.EndsWith('\n')) terminal.Out.WriteLine();
    }

    private string ForOutput(string text) => TerminalText.For(terminal, text);
}
