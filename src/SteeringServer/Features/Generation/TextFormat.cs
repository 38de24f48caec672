using System.Text.Json;

namespace SteeringServer.Features.Generation;

/// <summary>Choices of text completions: <c>text</c>, and log-probabilities in parallel lists, as lm-evaluation-harness reads them.</summary>
internal sealed class TextFormat : AnswerFormat
{
    public override string IdPrefix => "cmpl-";
    public override string WholeObject => "text_completion";
    public override string ChunkObject => "text_completion";
    public override bool AnnouncesChoices => false;

    public override void WriteText(Utf8JsonWriter json, string text) => json.WriteString("text"u8, text);

    public override void WriteDelta(Utf8JsonWriter json, string? text) => json.WriteString("text"u8, text ?? "");

    public override void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<ScoredPiece> pieces, TokenNames names)
    {
        json.WriteStartObject();
        json.WriteStartArray("tokens"u8);
        foreach (var piece in pieces) json.WriteStringValue(names.Of(piece.Token));
        json.WriteEndArray();
        json.WriteStartArray("token_logprobs"u8);
        foreach (var piece in pieces)
        {
            if (float.IsNaN(piece.Logprob)) json.WriteNullValue();
            else json.WriteNumberValue(TokenNames.Finite(piece.Logprob));
        }
        json.WriteEndArray();
        json.WriteStartArray("top_logprobs"u8);
        foreach (var piece in pieces) WriteTop(json, piece, names);
        json.WriteEndArray();
        json.WriteStartArray("text_offset"u8);
        foreach (var piece in pieces) json.WriteNumberValue(piece.Offset);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    // The token itself is always in, so that readers can compare it with the best.
    private static void WriteTop(Utf8JsonWriter json, in ScoredPiece piece, TokenNames names)
    {
        if (float.IsNaN(piece.Logprob))
        {
            json.WriteNullValue();
            return;
        }
        var written = new HashSet<string>(StringComparer.Ordinal);
        json.WriteStartObject();
        foreach (var other in piece.Top)
            if (names.Of(other.Id) is var name && written.Add(name)) json.WriteNumber(name, TokenNames.Finite(other.Logprob));
        if (names.Of(piece.Token) is var own && written.Add(own)) json.WriteNumber(own, TokenNames.Finite(piece.Logprob));
        json.WriteEndObject();
    }
}
