using System.Globalization;
using Microsoft.AspNetCore.Http;
using SteeringServer.Features.Steering;

namespace SteeringServer.Features.Generation;

/// <summary>What the headers of an answer say about it, over HTTP and gRPC.</summary>
internal static class AnswerHeaders
{
    public static void Set(IHeaderDictionary headers, PreparedGeneration generation)
    {
        headers["X-Seed"] = generation.Settings.Sampling.Seed.ToString(CultureInfo.InvariantCulture);
        if (generation.Steering.IsPresent) headers["X-Steering-Applied"] = generation.Steering.IsDryRun ? "" : ReceiptWriter.Header(generation.Plans[0]);
    }
}
