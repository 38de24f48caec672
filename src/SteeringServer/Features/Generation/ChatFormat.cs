using System.Text.Json;

namespace SteeringServer.Features.Generation;

/// <summary>Choices of chat completions: <c>message</c> or <c>delta</c>, and log-probabilities token by token with their bytes.</summary>
internal sealed class ChatFormat : AnswerFormat
{
    public override string IdPrefix => "chatcmpl-";
    public override string WholeObject => "chat.completion";
    public override string ChunkObject => "chat.completion.chunk";
    public override bool AnnouncesChoices => true;

    public override void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, text);
        json.WriteNull("refusal"u8);
        json.WriteEndObject();
    }

    public override void WriteDelta(Utf8JsonWriter json, string? text)
    {
        json.WriteStartObject("delta"u8);
        if (text is null) json.WriteString("role"u8, "assistant"u8);
        if (text is not "") json.WriteString("content"u8, text ?? "");
        json.WriteEndObject();
    }

    public override void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<ScoredPiece> pieces, TokenNames names)
    {
        json.WriteStartObject();
        json.WriteStartArray("content"u8);
        foreach (var piece in pieces)
        {
            json.WriteStartObject();
            WriteToken(json, piece.Token, piece.Logprob, names);
            json.WriteStartArray("top_logprobs"u8);
            foreach (var other in piece.Top)
            {
                json.WriteStartObject();
                WriteToken(json, other.Id, other.Logprob, names);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNull("refusal"u8);
        json.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter json, int token, float logprob, TokenNames names)
    {
        json.WriteString("token"u8, names.Of(token));
        json.WriteNumber("logprob"u8, TokenNames.Finite(logprob));
        json.WriteStartArray("bytes"u8);
        foreach (byte value in names.BytesOf(token)) json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
