using System.Collections.Immutable;
using Steering.Engine.Interventions;
using SteeringServer.Errors;
using SteeringServer.Features.Steering;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Generation;

/// <summary>From a parsed request to one that can only fail in the engine: prompts as tokens, room in the context, plans compiled.</summary>
internal static class GenerationPreparation
{
    // OpenAI's default for completions; chat may use the rest of the context (docs/decisions.md 24).
    private const int CompletionMaxTokens = 16;

    /// <exception cref="ApiException">Names every problem of the request.</exception>
    public static PreparedGeneration Prepare(ChatRequest request, ServedModel served, FieldProblems problems)
    {
        ThrowIfAny(problems, request.Steering, served);
        var prompt = served.Prompts.OfConversation(request.Conversation, request.Settings.ParseSpecial ?? false, problems);
        return Prepare(request.Settings, request.Steering, [prompt], echo: false, defaultMaxTokens: null, AnswerFormat.Chat, served, problems);
    }

    /// <exception cref="ApiException">Names every problem of the request.</exception>
    public static PreparedGeneration Prepare(CompletionRequest request, ServedModel served, FieldProblems problems)
    {
        ThrowIfAny(problems, request.Steering, served);
        var settings = request.Settings;
        ImmutableArray<PreparedPrompt?> prompts = [.. request.Prompts.Select(prompt =>
            served.Prompts.OfCompletion(prompt, request.AddSpecialTokens, settings.ParseSpecial ?? true, request.Echo, settings.Logprobs is not null, problems))];
        return Prepare(settings, request.Steering, prompts, request.Echo, CompletionMaxTokens, AnswerFormat.Text, served, problems);
    }

    private static PreparedGeneration Prepare(GenerationSettings settings, SteeringRequest steering, ImmutableArray<PreparedPrompt?> prompts, bool echo, int? defaultMaxTokens,
        AnswerFormat format, ServedModel served, FieldProblems problems)
    {
        int sequences = prompts.Length * settings.Choices * (steering.WantsUnsteered ? 2 : 1);
        if (sequences > served.Profile.MostSequences)
            problems.Add("n", $"the request asks for {sequences} sequences; this server takes {served.Profile.MostSequences} at once: ask for fewer");
        var maxTokens = prompts.Select(prompt => prompt is null ? 0 : MaxTokens(prompt, settings, defaultMaxTokens, served.Engine.Context, problems)).ToImmutableArray();
        var plans = prompts.Select(prompt => Compile(steering, prompt?.Layout ?? PromptLayout.Plain(1), served, problems)).ToImmutableArray();
        problems.ThrowIfAny();
        return new PreparedGeneration
        {
            Id = $"{format.IdPrefix}{Guid.CreateVersion7():N}",
            Settings = settings,
            Steering = steering,
            Prompts = [.. prompts.OfType<PreparedPrompt>()],
            Plans = [.. plans.OfType<InterventionPlan>()],
            MaxTokens = maxTokens,
            StopTokens = [.. settings.IgnoreEos ? [] : served.Model.Config.EosTokenIds, .. settings.StopTokens],
            Echo = echo,
        };
    }

    // Whoever gets problems gets those of the steering's meaning too, as far as they do not depend on the prompt.
    private static void ThrowIfAny(FieldProblems problems, SteeringRequest steering, ServedModel served)
    {
        if (problems.IsEmpty) return;
        Compile(steering, PromptLayout.Plain(1), served, problems);
        problems.ThrowIfAny();
    }

    private static InterventionPlan? Compile(SteeringRequest steering, PromptLayout layout, ServedModel served, FieldProblems problems)
    {
        var result = PlanCompiler.Compile(steering.Spec, served.Model.Sites, layout, served.Directions);
        foreach (var problem in result.Problems) problems.Add(steering.AsSent(problem));
        return result.Plan;
    }

    private static int MaxTokens(PreparedPrompt prompt, GenerationSettings settings, int? defaultMaxTokens, int context, FieldProblems problems)
    {
        int length = prompt.Tokens.Length, room = context - length, least = settings.MaxTokens == 0 ? 0 : 1;
        if (room < least)
        {
            problems.Add(prompt.Path, $"the prompt has {length} tokens, and this model's context is {context} for prompt and answer together; shorten the "
                + "prompt", ErrorCode.ContextLengthExceeded);
            return 0;
        }
        if (settings.MaxTokens > room)
        {
            problems.Add(settings.MaxTokensField, $"the prompt has {length} tokens and {settings.MaxTokens} more were asked for, but this model's context is "
                + $"{context} tokens; ask for at most {room}, or leave it out", ErrorCode.ContextLengthExceeded);
            return 0;
        }
        return settings.MaxTokens ?? Math.Min(defaultMaxTokens ?? room, room);
    }
}
