using System.Buffers;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using SteeringServer.Errors;
using SteeringServer.Grpc;
using SteeringServer.Hosting;
using SteeringServer.Requests;
using Wire = Steering.V1;

namespace SteeringServer.Features.Generation;

/// <summary>
/// Reads generation requests that come as messages: as the JSON that the HTTP API would have got, by its readers. What has another shape there is here, and
/// nowhere else.
/// </summary>
internal static class GenerationMessageReader
{
    private static readonly MessageJson Json = new(new Dictionary<MessageDescriptor, Action<Utf8JsonWriter, IMessage>>
    {
        [Wire.Span.Descriptor] = (json, message) => WriteSpan(json, (Wire.Span)message),
        [Wire.Prompt.Descriptor] = (json, message) => WritePrompt(json, (Wire.Prompt)message),
        [Wire.Apply.Descriptor] = (json, message) => WriteApply(json, (Wire.Apply)message),
    });

    /// <param name="request">A <see cref="Wire.GenerateRequest"/>, or the request of a stream, which has the same fields.</param>
    /// <param name="steeringHeader">The metadata <c>x-steering</c>, null where absent.</param>
    /// <exception cref="ApiException">Names every problem of the request.</exception>
    public static PreparedGeneration Read(IMessage request, string? steeringHeader, ServedModel served, FieldProblems problems)
    {
        UnknownFields.Report(request, "", problems);
        bool isPrompt = Has(request, "prompt");
        if (isPrompt && Has(request, "messages")) problems.Add("prompt", "prompt and messages exclude each other; send one");
        using var body = JsonBody.Parse(ToJson(request, isPrompt, problems));
        return isPrompt
            ? GenerationPreparation.Prepare(CompletionRequestReader.Read(body.Root, steeringHeader, served.Profile, problems), served, problems)
            : GenerationPreparation.Prepare(ChatRequestReader.Read(body.Root, steeringHeader, served.Profile, problems), served, problems);
    }

    /// <summary>The JSON that the HTTP API would have got.</summary>
    /// <param name="isPrompt">Whether it is to be read as a text completion.</param>
    public static ReadOnlyMemory<byte> ToJson(IMessage request, bool isPrompt, FieldProblems problems)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, JsonAnswer.WriterOptions))
        {
            json.WriteStartObject();
            foreach (var field in request.Descriptor.Fields.InFieldNumberOrder())
            {
                switch (field.Name)
                {
                    case "steering_shorthand": WriteShorthand(json, request, field, problems); break;
                    // A number of alternatives says both at once in text completions.
                    case "logprobs" when isPrompt: WriteLogprobs(json, request, field); break;
                    case "top_logprobs" when isPrompt && Has(request, "logprobs"):
                    case "messages" when isPrompt: break;
                    default: Json.WriteField(json, request, field); break;
                }
            }
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    private static void WriteShorthand(Utf8JsonWriter json, IMessage request, FieldDescriptor field, FieldProblems problems)
    {
        if (!MessageJson.IsSet(request, field)) return;
        if (Has(request, "steering")) problems.Add(field.Name, "steering and steering_shorthand exclude each other; send one");
        else json.WriteString("steering"u8, (string)field.Accessor.GetValue(request));
    }

    private static void WriteLogprobs(Utf8JsonWriter json, IMessage request, FieldDescriptor field)
    {
        if (MessageJson.IsSet(request, field)) json.WriteNumber("logprobs"u8, Has(request, "top_logprobs") ? (int)Field(request, "top_logprobs").Accessor.GetValue(request) : 0);
    }

    private static void WriteSpan(Utf8JsonWriter json, Wire.Span span)
    {
        json.WriteStartArray();
        json.WriteNumberValue(span.Start);
        if (span.HasEnd) json.WriteNumberValue(span.End);
        json.WriteEndArray();
    }

    private static void WritePrompt(Utf8JsonWriter json, Wire.Prompt prompt)
    {
        switch (prompt.ContentCase)
        {
            case Wire.Prompt.ContentOneofCase.Text: json.WriteStringValue(prompt.Text); break;
            case Wire.Prompt.ContentOneofCase.TokenIds:
                json.WriteStartArray();
                foreach (int token in prompt.TokenIds.Ids) json.WriteNumberValue(token);
                json.WriteEndArray();
                break;
            default: json.WriteNullValue(); break;
        }
    }

    // A preset alone is the word that the HTTP API takes for it; beside other fields the reader refuses it.
    private static void WriteApply(Utf8JsonWriter json, Wire.Apply apply)
    {
        if (apply.Equals(new Wire.Apply { Preset = apply.Preset }) && apply.Preset != Wire.ApplyPreset.Unspecified)
            json.WriteStringValue(EnumWords.WordOf(Field(apply, "preset").EnumType, (int)apply.Preset));
        else Json.WriteObject(json, apply);
    }

    private static bool Has(IMessage message, string name) => MessageJson.IsSet(message, Field(message, name));

    private static FieldDescriptor Field(IMessage message, string name) => message.Descriptor.FindFieldByName(name);
}
