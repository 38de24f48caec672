using System.Collections.Immutable;
using System.Threading.Channels;
using Steering.Engine.Attribution;
using Steering.Engine.Gradients;
using Steering.Engine.Interventions;
using Steering.Engine.Tokenization;
using SteeringServer.Errors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Attribution;

/// <summary>From a parsed request to its attributions, for both wires.</summary>
internal static class AttributionRun
{
    /// <summary>Begins to compute, and says how far it is: the last that is known, for those who look now and then. A request that is refused has no progress.</summary>
    public static (ChannelReader<AttributionProgress> Progress, Task<AttributionMap> Map) Begin(AttributionRequest request, ServedModel served, FieldProblems problems, CancellationToken cancellation)
    {
        var latest = Channel.CreateBounded<AttributionProgress>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        return (latest.Reader, CompleteAsync());

        async Task<AttributionMap> CompleteAsync()
        {
            try
            {
                return await ComputeAsync(request, served, problems, cancellation, progress => latest.Writer.TryWrite(progress));
            }
            finally
            {
                latest.Writer.TryComplete();
            }
        }
    }

    /// <param name="progress">Told of the gradients of all answers together.</param>
    /// <exception cref="ApiException">Names every problem of the request, a model without gradients among them.</exception>
    public static async Task<AttributionMap> ComputeAsync(AttributionRequest request, ServedModel served, FieldProblems problems, CancellationToken cancellation, Action<AttributionProgress>? progress = null)
    {
        problems.ThrowIfAny();
        if (served.Model.WhyNoGradients is { } reason) throw new ApiException(ApiError.Invalid(reason, "model", ErrorCode.Unsupported));
        var prompt = request.Conversation is { } conversation ? served.Prompts.OfConversation(conversation, request.ParseSpecial ?? false, problems)
            : served.Prompts.OfCompletion(request.Prompt!, request.AddSpecialTokens, request.ParseSpecial ?? true, echo: false, withOffsets: false, problems);
        var compiled = PlanCompiler.Compile(request.Steering.Spec, served.Model.Sites, prompt?.Layout ?? PromptLayout.Plain(1), served.Directions);
        foreach (var problem in compiled.Problems) problems.Add(request.Steering.AsSent(problem));
        problems.ThrowIfAny();

        (string Name, int Sign, string Text)[] answers = request.Contrast is { } contrast ? [("answer", 1, request.Answer), ("contrast", -1, contrast)] : [("answer", 1, request.Answer)];
        var sequences = answers.Select(answer => Sequence(answer.Name, answer.Sign, answer.Text, request, prompt!.Tokens, compiled.Plan!, served, problems)).ToImmutableArray();
        problems.ThrowIfAny();
        int before = 0;
        var sides = await served.Attributions.RunAsync(sequences.Max(sequence => sequence.Tokens.Length), (attributor, end) => answers.Zip(sequences).Select((pair, i) =>
        {
            var result = attributor.Attribute(pair.Second, request.Options, now => progress?.Invoke(new AttributionProgress(before + now.Done, before + now.Expected * (answers.Length - i))), end);
            before += result.Gradients;
            return new AttributionSide(pair.First.Name, pair.Second.Tokens, pair.Second.PromptLength, result);
        }).ToImmutableArray(), cancellation);
        return new AttributionMap(request, served.Name, served.SystemFingerprint, sides, compiled.Plan!.Warnings);
    }

    /// <summary>Prompt and answer. The answer is encoded by itself: as the model would have to generate it after the prompt's tokens.</summary>
    private static GradientSequence Sequence(string name, int sign, string text, AttributionRequest request, ImmutableArray<int> prompt, InterventionPlan plan, ServedModel served, FieldProblems problems)
    {
        int[] answer = served.Model.Tokenizer.Encode(text, new EncodeOptions { AddSpecialTokens = false }).Ids;
        ImmutableArray<int> tokens = [.. prompt, .. answer];
        if (answer.Length == 0) problems.Add(name, "has no tokens; send some text");
        if (tokens.Length > served.Engine.Context)
            problems.Add(name, $"prompt and answer have {tokens.Length} tokens, and this model's context is {served.Engine.Context}; shorten one of them", ErrorCode.ContextLengthExceeded);
        else if (Attributor.BytesFor(served.Model, tokens.Length) is var bytes and > AttributionDesk.MostBytes)
            problems.Add(name, $"prompt and answer have {tokens.Length} tokens, whose gradients take {bytes >> 20} MiB; this server spends {AttributionDesk.MostBytes >> 20} on an attribution: shorten one of them", ErrorCode.ContextLengthExceeded);
        return new GradientSequence
        {
            Tokens = tokens,
            PromptLength = prompt.Length,
            Plan = plan,
            Targets = answer.Length == 0 ? [] : GradientTarget.OfAnswer(tokens, prompt.Length, sign, request.LastTokenOnly),
        };
    }
}
