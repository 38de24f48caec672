using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Steering.Engine.Running;
using SteeringServer.Errors;
using SteeringServer.Features.Steering;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Generation;

/// <summary>Runs a prepared request and sends its answer, whole or as a stream.</summary>
internal sealed class GenerationAnswers(Serving serving, ServerOptions options, TimeProvider clock, ILogger<GenerationAnswers> log)
{
    public async Task SendAsync(HttpContext context, ServedModel served, PreparedGeneration generation, AnswerFormat format)
    {
        long started = clock.GetTimestamp();
        var writer = new AnswerWriter(format, generation, clock.GetUtcNow().ToUnixTimeSeconds(), served.SystemFingerprint, served.TokenNames);
        var headers = context.Response.Headers;
        headers["X-Seed"] = generation.Settings.Sampling.Seed.ToString(CultureInfo.InvariantCulture);
        if (generation.Steering.IsPresent) headers["X-Steering-Applied"] = generation.Steering.IsDryRun ? "" : ReceiptWriter.Header(generation.Plans[0]);
        if (generation.Steering.IsDryRun)
        {
            await SendPlanAsync(context, writer, generation.Settings.Stream);
            return;
        }
        var record = new GenerationRecord(generation, keepsText: !generation.Settings.Stream);
        using var run = Start(served, generation);
        // Registered rather than awaited: the slot is free before the next step even while a slow write is under way.
        await using var left = context.RequestAborted.UnsafeRegister(static state => ((GenerationRun)state!).Dispose(), run);
        if (generation.Settings.Stream) await StreamAsync(context, run, record, writer, format);
        else await SendWholeAsync(context, run, record, writer);
        GenerationLog.Answered(log, generation.Id, generation.PromptTokens, record.CompletionTokens, clock.GetElapsedTime(started).TotalSeconds,
            generation.Settings.Sampling.Seed, generation.Steering.IsPresent ? ReceiptWriter.Header(generation.Plans[0]) : "none");
    }

    private GenerationRun Start(ServedModel served, PreparedGeneration generation)
    {
        try
        {
            return GenerationRun.Start(served.Engine, served.Model.Tokenizer, generation);
        }
        catch (QueueFullException full)
        {
            throw new ApiException(new ApiError(StatusCodes.Status429TooManyRequests, ErrorType.RateLimit, full.Message, null, ErrorCode.QueueFull) { RetryAfter = 1 });
        }
        catch (EngineStoppedException stopped)
        {
            throw new ApiException(serving.IsDraining ? Serving.Draining : ApiError.Unavailable(stopped.Message, ErrorCode.EngineStopped));
        }
    }

    private async Task SendWholeAsync(HttpContext context, GenerationRun run, GenerationRecord record, AnswerWriter writer)
    {
        try
        {
            await foreach (var update in run.Updates.ReadAllAsync(context.RequestAborted)) record.Accept(update);
        }
        catch (GenerationFailedException failure)
        {
            throw new ApiException(ErrorOf(failure, record.Generation.Id));
        }
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
            sse.Event(ErrorEnvelope.Serialize(failure is GenerationFailedException known ? ErrorOf(known, record.Generation.Id) : ApiError.Internal(RequestId.Of(context))).Span);
        }
        sse.Done();
        await sse.FlushAsync(context.RequestAborted);
    }

    private ApiError ErrorOf(GenerationFailedException failure, string id)
    {
        if (serving.IsDraining) return Serving.Draining with { Message = "The server is shutting down and ended this generation. Send the request again." };
        GenerationLog.Failed(log, id, failure.Message);
        return ApiError.Internal(id);
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
