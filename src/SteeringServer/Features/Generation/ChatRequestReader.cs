using System.Text.Json;
using SteeringServer.Features.Models;
using SteeringServer.Features.Steering;
using SteeringServer.Requests;

namespace SteeringServer.Features.Generation;

/// <summary>Reads the body of <c>POST /v1/chat/completions</c>.</summary>
internal static class ChatRequestReader
{
    private const int MostTopLogprobs = 20;

    /// <param name="steeringHeader">The <c>X-Steering</c> header, null where absent.</param>
    public static ChatRequest Read(JsonElement body, string? steeringHeader, ModelProfile model, FieldProblems problems)
    {
        var fields = new JsonFields(body, "", problems);
        var reference = ModelReference.Read(fields, model);
        var settings = SettingsReader.Read(fields, model.Defaults, model.VocabularySize, fields.String("model") ?? model.Name) with { Logprobs = ReadLogprobs(fields) };
        if (settings.MaxTokens == 0) fields.Report(settings.MaxTokensField, "found 0; expected at least 1");
        if (!model.HasTemplate) fields.Report("messages", "this model has no chat template; use POST /v1/completions with a prompt");
        var conversation = ConversationReader.Read(fields, model.TakesTools);
        var steering = SteeringSource.Read(fields.Take("steering"), steeringHeader, reference, model.Catalog, problems);
        fields.RefuseOthers("a chat completion request", "; steering goes under steering, template variables under chat_template_kwargs");
        return new ChatRequest(settings, conversation, steering);
    }

    private static int? ReadLogprobs(JsonFields fields)
    {
        bool wanted = fields.Bool("logprobs") ?? false;
        int? top = fields.Int("top_logprobs", 0, MostTopLogprobs);
        if (top is not null && !wanted) fields.Report("top_logprobs", "needs logprobs to be true");
        return wanted ? top ?? 0 : null;
    }
}
