using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using SteeringServer.Grpc;

namespace SteeringServer.Features.Operations;

/// <summary>Operations as JSON: what gRPC sends, with the words of the HTTP API.</summary>
internal static class OperationWriter
{
    private static readonly MessageJson Json = new(new Dictionary<MessageDescriptor, Action<Utf8JsonWriter, IMessage>>
    {
        [Timestamp.Descriptor] = (json, message) => json.WriteStringValue(((Timestamp)message).ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
    });

    public static void Write(Utf8JsonWriter json, Operation operation)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, operation.Name);
        Write(json, "metadata", operation.Metadata);
        json.WriteBoolean("done"u8, operation.IsDone);
        if (operation.Error is { } error)
        {
            json.WriteStartObject("error"u8);
            json.WriteNumber("code"u8, error.Code);
            json.WriteString("message"u8, error.Message);
            json.WriteEndObject();
        }
        else if (operation.Response is { } response) Write(json, "response", response);
        json.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter json, IEnumerable<Operation> operations)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list");
        json.WriteStartArray("operations"u8);
        foreach (var operation in operations) Write(json, operation);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IMessage message)
    {
        json.WriteStartObject(name);
        json.WriteString("@type"u8, $"type.googleapis.com/{message.Descriptor.FullName}");
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder()) Json.WriteField(json, message, field);
        json.WriteEndObject();
    }
}
