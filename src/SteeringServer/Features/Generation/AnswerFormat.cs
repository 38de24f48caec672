using System.Text.Json;
using Steering.Engine.Generation;

namespace SteeringServer.Features.Generation;

/// <summary>How the two generation routes write a choice; everything around the choices is the same.</summary>
internal abstract class AnswerFormat
{
    public static AnswerFormat Chat { get; } = new ChatFormat();
    public static AnswerFormat Text { get; } = new TextFormat();

    /// <summary>Ids begin with it.</summary>
    public abstract string IdPrefix { get; }

    /// <summary><c>object</c> of a whole answer.</summary>
    public abstract string WholeObject { get; }

    /// <summary><c>object</c> of a chunk.</summary>
    public abstract string ChunkObject { get; }

    /// <summary>Whether a stream announces each choice before its text.</summary>
    public abstract bool AnnouncesChoices { get; }

    /// <summary>The members of a whole choice that hold its text.</summary>
    public abstract void WriteText(Utf8JsonWriter json, string text);

    /// <summary>The members of a chunk's choice that hold new text; <paramref name="text"/> null announces the choice.</summary>
    public abstract void WriteDelta(Utf8JsonWriter json, string? text);

    /// <summary>The value of <c>logprobs</c>.</summary>
    public abstract void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<ScoredPiece> pieces, TokenNames names);

    /// <summary>A choice of a whole answer.</summary>
    public void WriteChoice(Utf8JsonWriter json, ChoiceRecord choice, bool hasLogprobs, TokenNames names)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice.Index);
        WriteText(json, choice.Text);
        WriteLogprobsOrNull(json, hasLogprobs ? choice.Pieces : null, names);
        json.WriteString("finish_reason"u8, NameOf(choice.End?.Reason));
        json.WriteEndObject();
    }

    /// <summary>A choice of a chunk.</summary>
    public void WriteChoice(Utf8JsonWriter json, in ChoiceUpdate update, bool isAnnouncement, TokenNames names)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, update.Index);
        WriteDelta(json, isAnnouncement ? null : update.Text);
        WriteLogprobsOrNull(json, isAnnouncement || (update.End is not null && update.Logprobs is { Count: 0 }) ? null : update.Logprobs, names);
        json.WriteString("finish_reason"u8, isAnnouncement ? null : NameOf(update.End?.Reason));
        json.WriteEndObject();
    }

    private void WriteLogprobsOrNull(Utf8JsonWriter json, IReadOnlyList<ScoredPiece>? pieces, TokenNames names)
    {
        json.WritePropertyName("logprobs"u8);
        if (pieces is null) json.WriteNullValue();
        else WriteLogprobs(json, pieces, names);
    }

    private static string? NameOf(FinishReason? reason) => reason switch
    {
        null => null,
        FinishReason.Length => "length",
        _ => "stop",
    };
}
