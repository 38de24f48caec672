using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using SteeringServer.Errors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Generation;

/// <summary>Runs a prepared request and sends its answer, whole or as a stream.</summary>
internal sealed class GenerationAnswers(GenerationAdmission admission, ServerOptions options, TimeProvider clock, ILogger<GenerationAnswers> log)
{
    public async Task SendAsync(HttpContext context, ServedModel served, PreparedGeneration generation, AnswerFormat format)
    {
        long started = clock.GetTimestamp();
        var writer = new AnswerWriter(format, generation, clock.GetUtcNow().ToUnixTimeSeconds(), served.SystemFingerprint, served.TokenNames);
        AnswerHeaders.Set(context.Response.Headers, generation);
        if (generation.Steering.IsDryRun)
        {
            await SendPlanAsync(context, writer, generation.Settings.Stream);
            return;
        }
        var record = new GenerationRecord(generation, keepsText: !generation.Settings.Stream);
        using var run = admission.Start(served, generation);
        await using var left = run.StopWhen(context.RequestAborted);
        if (generation.Settings.Stream) await StreamAsync(context, run, record, writer, format);
        else await SendWholeAsync(context, run, record, writer);
        admission.LogAnswer(record, started);
    }

    private async Task SendWholeAsync(HttpContext context, GenerationRun run, GenerationRecord record, AnswerWriter writer)
    {
        await admission.CollectAsync(run, record, context.RequestAborted);
        await JsonAnswer.SendAsync(context, static (json, answer) => answer.writer.WriteWhole(json, answer.record), (writer, record));
    }

    private async Task StreamAsync(HttpContext context, GenerationRun run, GenerationRecord record, AnswerWriter writer, AnswerFormat format)
    {
        using var sse = await SseChunks.StartAsync(context);
        await using var heart = clock.CreateTimer(static state => ((GenerationRun)state!).Beat(), run, options.Heartbeat, options.Heartbeat);
        try
        {
            await new AnswerStream(sse, run, record, writer, format).WriteAsync(context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // The status has been sent: whatever went wrong, the client learns it inside the stream and the log has the stack.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (failure is not GenerationFailedException) ErrorLog.RequestFailed(log, RequestId.Of(context), failure);
            sse.Event(ErrorEnvelope.Serialize(failure is GenerationFailedException known ? admission.ErrorOf(run, known, record.Generation.Id) : ApiError.Internal(RequestId.Of(context))).Span);
        }
        sse.Done();
        await sse.FlushAsync(context.RequestAborted);
    }

    private static async Task SendPlanAsync(HttpContext context, AnswerWriter writer, bool stream)
    {
        if (!stream)
        {
            await JsonAnswer.SendAsync(context, static (json, plan) => plan.WritePlan(json, isChunk: false), writer);
            return;
        }
        using var sse = await SseChunks.StartAsync(context);
        writer.WritePlan(sse.Begin(), isChunk: true);
        sse.End();
        sse.Done();
        await sse.FlushAsync(context.RequestAborted);
    }
}
