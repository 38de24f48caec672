using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Steering.Engine.Running;
using SteeringServer.Errors;
using SteeringServer.Features.Steering;
using SteeringServer.Hosting;

namespace SteeringServer.Features.Generation;

/// <summary>Hands prepared requests to the engine and takes what comes back; where the engine refuses or fails, says so in the API's terms.</summary>
internal sealed class GenerationAdmission(Serving serving, TimeProvider clock, ILogger<GenerationAdmission> log)
{
    /// <exception cref="ApiException">429 where the queue is full, 503 where the engine has stopped.</exception>
    public GenerationRun Start(ServedModel served, PreparedGeneration generation)
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

    /// <summary>Takes everything that a run gives.</summary>
    /// <exception cref="ApiException">The engine failed, or the server shuts down.</exception>
    public async Task CollectAsync(GenerationRun run, GenerationRecord record, CancellationToken cancellation)
    {
        await foreach (var update in run.Updates.ReadAllAsync(cancellation)) Accept(run, record, update);
    }

    /// <summary>Takes one update into the record.</summary>
    /// <exception cref="ApiException">The engine failed, or the server shuts down.</exception>
    public void Accept(GenerationRun run, GenerationRecord record, in ChoiceUpdate update)
    {
        try
        {
            record.Accept(update);
        }
        catch (GenerationFailedException failure)
        {
            throw new ApiException(ErrorOf(run, failure, record.Generation.Id));
        }
    }

    public ApiError ErrorOf(GenerationRun run, GenerationFailedException failure, string id)
    {
        if (run.IsEnding && !serving.IsDraining) return ApiError.Unavailable($"{failure.Message} Send the request again.", ErrorCode.Draining);
        if (serving.IsDraining) return Serving.Draining with { Message = "The server is shutting down and ended this generation. Send the request again." };
        GenerationLog.Failed(log, id, failure.Message);
        return ApiError.Internal(id);
    }

    /// <param name="started">Timestamp of the request's arrival.</param>
    public void LogAnswer(GenerationRecord record, long started)
    {
        var generation = record.Generation;
        GenerationLog.Answered(log, generation.Id, generation.PromptTokens, record.CompletionTokens, clock.GetElapsedTime(started).TotalSeconds,
            generation.Settings.Sampling.Seed, generation.Steering.IsPresent ? ReceiptWriter.Header(generation.Plans[0]) : "none");
    }
}
