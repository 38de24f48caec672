using System.Text.Json;
using Steering.Engine.Attribution;
using SteeringServer.Features.Generation;
using SteeringServer.Features.Models;
using SteeringServer.Features.Steering;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Attribution;

/// <summary>Reads the body of <c>POST /v1/attributions</c>.</summary>
internal static class AttributionRequestReader
{
    public const int MostPoints = 2000;

    public static IReadOnlyDictionary<string, AttributionMethod> Methods { get; } = new Dictionary<string, AttributionMethod>
    {
        ["integrated_gradients"] = AttributionMethod.IntegratedGradients, ["gradient_times_input"] = AttributionMethod.GradientTimesInput, ["smoothgrad"] = AttributionMethod.SmoothGrad,
    };

    public static IReadOnlyDictionary<string, AttributionBaseline> Baselines { get; } = new Dictionary<string, AttributionBaseline>
    {
        ["pad"] = AttributionBaseline.Pad, ["mean"] = AttributionBaseline.Mean, ["zero"] = AttributionBaseline.Zero,
    };

    public static IReadOnlyDictionary<string, AttributionRule> Rules { get; } = new Dictionary<string, AttributionRule>
    {
        ["adaptive"] = AttributionRule.Adaptive, ["gauss_legendre"] = AttributionRule.GaussLegendre, ["midpoint"] = AttributionRule.Midpoint, ["trapezoid"] = AttributionRule.Trapezoid,
    };

    public static IReadOnlyDictionary<string, bool> Objectives { get; } = new Dictionary<string, bool> { ["answer_tokens"] = false, ["last_token"] = true };

    /// <param name="steeringHeader">The <c>X-Steering</c> header, null where absent.</param>
    public static AttributionRequest Read(JsonElement body, string? steeringHeader, ServedModel served, FieldProblems problems)
    {
        var (fields, profile) = (new JsonFields(body, "", problems), served.Profile);
        var reference = ModelReference.Read(fields, profile);
        bool isChat = fields.Has("messages");
        if (isChat && fields.Has("prompt")) fields.Report("prompt", "prompt and messages exclude each other; send one");
        if (!isChat && !fields.Has("prompt")) fields.Report("prompt", "is missing; send a string, or messages");
        if (isChat && !profile.HasTemplate) fields.Report("messages", "this model has no chat template; send a prompt");
        var conversation = isChat ? ConversationReader.Read(fields, profile.TakesTools) : null;
        string? prompt = fields.String("prompt");
        string answer = Answer(fields, "answer", "is missing; send the answer whose log-probability the tokens are to explain, with a space in front where the prompt ends in a word") ?? "";
        var request = new AttributionRequest(
            prompt is null ? null : new CompletionPrompt("prompt", prompt, []), conversation, answer, Answer(fields, "contrast", null), fields.Word("objective", Objectives), ReadOptions(fields, served),
            SteeringSource.Read(fields.Take("steering"), steeringHeader, reference, profile.Catalog, problems))
        {
            AddSpecialTokens = fields.Bool("add_special_tokens") ?? true,
            ParseSpecial = fields.Bool("parse_special"),
            Stream = fields.Bool("stream") ?? false,
        };
        if (request.Steering.IsDryRun) problems.Add("steering.dry_run", "an attribution has no dry run; leave it out, or send the steering to a generation to see its plan");
        if (request.Steering.WantsUnsteered) problems.Add("steering.include", "an attribution has no unsteered twin; ask for one without steering");
        fields.RefuseOthers("an attribution request", "; steering goes under steering");
        return request;
    }

    private static string? Answer(JsonFields fields, string name, string? whereMissing)
    {
        string? text = fields.String(name);
        if (text is "") fields.Report(name, "is empty; send at least one character");
        if (whereMissing is not null && !fields.Has(name)) fields.Report(name, whereMissing);
        return text;
    }

    private static AttributionOptions ReadOptions(JsonFields fields, ServedModel served)
    {
        var defaults = new AttributionOptions();
        var end = served.Model.Config.EosTokenIds;
        var options = new AttributionOptions
        {
            Method = fields.Word("method", Methods),
            Baseline = fields.Word("baseline", Baselines),
            Rule = fields.Word("rule", Rules),
            Points = fields.Int("points", 1, MostPoints) ?? defaults.Points,
            Budget = fields.Int("budget", Attributor.LeastBudget, MostPoints) ?? defaults.Budget,
            Tolerance = fields.Number("tolerance", 1e-6, 1) ?? defaults.Tolerance,
            Noise = fields.Number("noise", 0, 1000) ?? defaults.Noise,
            Seed = (ulong)(fields.Int("seed", 0) ?? 0),
            PadToken = fields.Int("pad_token", 0, served.Profile.VocabularySize - 1) ?? (end.Length > 0 ? end[0] : 0),
        };
        if (fields.Problems.IsEmpty && Attributor.WhyNot(options) is { } reason) fields.Report("rule", reason);
        return options;
    }
}
