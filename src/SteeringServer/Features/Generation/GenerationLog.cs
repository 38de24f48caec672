using Microsoft.Extensions.Logging;

namespace SteeringServer.Features.Generation;

internal static partial class GenerationLog
{
    [LoggerMessage(2000, LogLevel.Information, "{Id}: {PromptTokens} prompt tokens, {CompletionTokens} generated in {Seconds:0.000} s, seed {Seed}, steering {Steering}")]
    public static partial void Answered(ILogger log, string id, int promptTokens, int completionTokens, double seconds, ulong seed, string steering);

    [LoggerMessage(2001, LogLevel.Error, "{Id} failed: {Reason}")]
    public static partial void Failed(ILogger log, string id, string reason);
}
