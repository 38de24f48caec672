using System.Text.Json;
using SteeringServer.Features.Steering;

namespace SteeringServer.Features.Generation;

/// <summary>Writes answers and chunks: what is around the choices, usage and the steering receipt.</summary>
internal sealed class AnswerWriter(AnswerFormat format, PreparedGeneration generation, long created, string fingerprint, TokenNames names)
{
    private readonly JsonEncodedText _id = JsonEncodedText.Encode(generation.Id);
    private readonly JsonEncodedText _model = JsonEncodedText.Encode(generation.Settings.Model, SseChunks.Encoder);
    private readonly JsonEncodedText _fingerprint = JsonEncodedText.Encode(fingerprint);
    private readonly bool _includeUsage = generation.Settings.IncludeUsage;

    /// <summary>A whole answer.</summary>
    public void WriteWhole(Utf8JsonWriter json, GenerationRecord record)
    {
        WriteStart(json, format.WholeObject);
        foreach (var choice in record.Choices) format.WriteChoice(json, choice, generation.Settings.Logprobs is not null, names);
        json.WriteEndArray();
        WriteUsage(json, record.CompletionTokens);
        WriteReceipt(json, record);
        json.WriteEndObject();
    }

    /// <summary>A chunk with news of one choice, the last of the answer with the receipt.</summary>
    /// <param name="isAnnouncement">The chunk says that the choice begins.</param>
    /// <param name="record">Set in the last chunk with choices.</param>
    public void WriteChunk(Utf8JsonWriter json, in ChoiceUpdate update, bool isAnnouncement = false, GenerationRecord? record = null)
    {
        WriteStart(json, format.ChunkObject);
        format.WriteChoice(json, update, isAnnouncement, names);
        json.WriteEndArray();
        if (_includeUsage) json.WriteNull("usage"u8);
        if (record is not null) WriteReceipt(json, record);
        json.WriteEndObject();
    }

    /// <summary>The chunk after the last choice, where usage was asked for.</summary>
    public void WriteUsageChunk(Utf8JsonWriter json, GenerationRecord record)
    {
        WriteStart(json, format.ChunkObject);
        json.WriteEndArray();
        WriteUsage(json, record.CompletionTokens);
        WriteReceipt(json, record);
        json.WriteEndObject();
    }

    /// <summary>The answer to a dry run, whole or as a chunk: no choices, and the plan.</summary>
    public void WritePlan(Utf8JsonWriter json, bool isChunk)
    {
        WriteStart(json, isChunk ? format.ChunkObject : format.WholeObject);
        json.WriteEndArray();
        WriteUsage(json, 0);
        json.WriteStartObject("steering"u8);
        PlanWriter.Write(json, generation.Plans, [.. generation.Prompts.Select(prompt => prompt.Tokens.Length)]);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteStart(Utf8JsonWriter json, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, _id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, created);
        json.WriteString("model"u8, _model);
        json.WriteString("system_fingerprint"u8, _fingerprint);
        json.WriteStartArray("choices"u8);
    }

    private void WriteUsage(Utf8JsonWriter json, int completionTokens)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, generation.PromptTokens);
        json.WriteNumber("completion_tokens"u8, completionTokens);
        json.WriteNumber("total_tokens"u8, generation.PromptTokens + completionTokens);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteReceipt(Utf8JsonWriter json, GenerationRecord record)
    {
        var steering = generation.Steering;
        if (!steering.IsPresent || !(steering.WantsReceipt || steering.WantsUnsteered)) return;
        json.WriteStartObject("steering"u8);
        if (steering.WantsReceipt) ReceiptWriter.Write(json, generation.Plans, [.. record.Choices.Select(choice => choice.End?.Steered)]);
        if (steering.WantsUnsteered)
        {
            json.WriteStartObject("unsteered"u8);
            json.WriteStartArray("choices"u8);
            foreach (var choice in record.Unsteered) format.WriteChoice(json, choice, generation.Settings.Logprobs is not null, names);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
