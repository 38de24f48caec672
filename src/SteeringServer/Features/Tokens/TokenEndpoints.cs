using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Steering.Engine.Interventions;
using SteeringServer.Features.Generation;
using SteeringServer.Features.Models;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Tokens;

/// <summary><c>POST /tokenize</c> and <c>POST /detokenize</c>, in vLLM's shapes.</summary>
internal static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        routes.MapPost("/tokenize", context => TokenizeAsync(context, serving));
        routes.MapPost("/detokenize", context => DetokenizeAsync(context, serving));
    }

    private static async Task TokenizeAsync(HttpContext context, Serving serving)
    {
        var problems = new FieldProblems();
        ServedModel served;
        PreparedPrompt? prompt;
        bool withTexts;
        using (var body = await JsonBody.ReadAsync(context.Request, context.RequestAborted))
        {
            served = serving.RequireFor(body);
            var fields = new JsonFields(body.Root, "", problems);
            ModelReference.Read(fields, served.Profile);
            withTexts = fields.Bool("return_token_strs") ?? false;
            bool? addSpecial = fields.Bool("add_special_tokens"), parseSpecial = fields.Bool("parse_special");
            prompt = fields.Has("messages") ? Chat(fields, served, parseSpecial ?? false) : Text(fields, served, addSpecial ?? true, parseSpecial ?? true);
            fields.RefuseOthers("a tokenize request", "; it takes prompt or messages, add_special_tokens, parse_special and return_token_strs");
        }
        problems.ThrowIfAny();
        await JsonAnswer.SendAsync(context, static (json, of) => WriteTokens(json, of.Tokens, of.withTexts, of.served), (prompt!.Tokens, withTexts, served));
    }

    private static PreparedPrompt? Chat(JsonFields fields, ServedModel served, bool parseSpecial)
    {
        if (fields.Has("prompt")) fields.Report("prompt", "prompt and messages exclude each other; send one");
        if (!served.Profile.HasTemplate) fields.Report("messages", "this model has no chat template; send a prompt");
        var conversation = ConversationReader.Read(fields, served.Profile.TakesTools);
        return fields.Problems.IsEmpty ? served.Prompts.OfConversation(conversation, parseSpecial, fields.Problems) : null;
    }

    private static PreparedPrompt? Text(JsonFields fields, ServedModel served, bool addSpecial, bool parseSpecial)
    {
        string? text = fields.String("prompt");
        if (!fields.Has("prompt")) fields.Report("prompt", "is missing; send a string, or messages");
        if (text is not "") return text is null ? null : served.Prompts.OfCompletion(new CompletionPrompt("prompt", text, []), addSpecial, parseSpecial, echo: false, withOffsets: false, fields.Problems);
        var encoding = served.Model.Tokenizer.Encode(text, new() { AddSpecialTokens = addSpecial });
        return new PreparedPrompt("prompt", ImmutableArray.Create(encoding.Ids), PromptLayout.Plain(encoding.Ids.Length), null, []);
    }

    private static async Task DetokenizeAsync(HttpContext context, Serving serving)
    {
        var problems = new FieldProblems();
        ServedModel served;
        ImmutableArray<int> tokens;
        bool skipSpecial;
        using (var body = await JsonBody.ReadAsync(context.Request, context.RequestAborted))
        {
            served = serving.RequireFor(body);
            var fields = new JsonFields(body.Root, "", problems);
            ModelReference.Read(fields, served.Profile);
            if (!fields.Has("tokens")) fields.Report("tokens", "is missing; send a list of token ids");
            tokens = SettingsReader.ReadTokenIds(fields, "tokens", served.Profile.VocabularySize);
            skipSpecial = fields.Bool("skip_special_tokens") ?? false;
            fields.RefuseOthers("a detokenize request", "; it takes tokens and skip_special_tokens");
        }
        problems.ThrowIfAny();
        await JsonAnswer.SendAsync(context, WriteText, served.Model.Tokenizer.Decode(tokens.AsSpan(), skipSpecial));
    }

    private static void WriteTokens(Utf8JsonWriter json, ImmutableArray<int> tokens, bool withTexts, ServedModel served)
    {
        json.WriteStartObject();
        json.WriteNumber("count"u8, tokens.Length);
        json.WriteNumber("max_model_len"u8, served.Engine.Context);
        json.WriteStartArray("tokens"u8);
        foreach (int token in tokens) json.WriteNumberValue(token);
        json.WriteEndArray();
        if (withTexts)
        {
            json.WriteStartArray("token_strs"u8);
            foreach (int token in tokens) json.WriteStringValue(served.TokenNames.Of(token));
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("prompt"u8, text);
        json.WriteEndObject();
    }
}
