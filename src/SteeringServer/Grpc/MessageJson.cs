using System.Collections;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace SteeringServer.Grpc;

/// <summary>
/// Writes a message as the JSON of the HTTP API, so that one reader checks the requests of both: names as in the .proto file, numbers as numbers, bytes as
/// base64, enum values as words, and what is not set left out.
/// </summary>
/// <param name="shapes">How messages that the HTTP API has another shape for are written, by their type.</param>
internal sealed class MessageJson(IReadOnlyDictionary<MessageDescriptor, Action<Utf8JsonWriter, IMessage>> shapes)
{
    /// <summary>Writes a message as an object.</summary>
    public void WriteObject(Utf8JsonWriter json, IMessage message)
    {
        json.WriteStartObject();
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder()) WriteField(json, message, field);
        json.WriteEndObject();
    }

    /// <summary>Writes one field as a member of an object that is open, where it is set.</summary>
    public void WriteField(Utf8JsonWriter json, IMessage message, FieldDescriptor field)
    {
        if (!IsSet(message, field)) return;
        json.WritePropertyName(field.Name);
        object value = field.Accessor.GetValue(message);
        switch (value)
        {
            case IDictionary map:
                json.WriteStartObject();
                foreach (DictionaryEntry entry in map)
                {
                    json.WritePropertyName(Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!);
                    WriteValue(json, entry.Value!, field.MessageType.Fields[2]);
                }
                json.WriteEndObject();
                break;
            case IList list:
                json.WriteStartArray();
                foreach (object item in list) WriteValue(json, item, field);
                json.WriteEndArray();
                break;
            default:
                WriteValue(json, value, field);
                break;
        }
    }

    /// <summary>Whether a field says something: where presence is not kept, the default value says nothing.</summary>
    /// <summary>A string field of a message.</summary>
    public static string Text(IMessage message, string field) => (string)message.Descriptor.FindFieldByName(field).Accessor.GetValue(message);

    public static bool IsSet(IMessage message, FieldDescriptor field)
    {
        if (field.HasPresence) return field.Accessor.HasValue(message);
        return field.Accessor.GetValue(message) switch
        {
            ICollection items => items.Count > 0,
            string text => text.Length > 0,
            ByteString bytes => bytes.Length > 0,
            System.Enum word => Convert.ToInt32(word, CultureInfo.InvariantCulture) != 0,
            bool flag => flag,
            IConvertible number => number.ToDouble(CultureInfo.InvariantCulture) != 0,
            _ => true,
        };
    }

    private void WriteValue(Utf8JsonWriter json, object value, FieldDescriptor field)
    {
        switch (value)
        {
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case ByteString bytes: json.WriteBase64StringValue(bytes.Span); break;
            case double number: WriteNumber(json, number); break;
            case float number: WriteNumber(json, number); break;
            case ulong number: json.WriteNumberValue(number); break;
            case System.Enum word: json.WriteStringValue(EnumWords.WordOf(field.EnumType, Convert.ToInt32(word, CultureInfo.InvariantCulture))); break;
            case Struct or Value or ListValue: WriteDynamic(json, value); break;
            case IMessage message:
                if (shapes.TryGetValue(message.Descriptor, out var write)) write(json, message);
                else WriteObject(json, message);
                break;
            default: json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
        }
    }

    // JSON has no NaN and no infinities; as text they reach the reader, which refuses them by their path.
    private static void WriteNumber(Utf8JsonWriter json, double number)
    {
        if (double.IsFinite(number)) json.WriteNumberValue(number);
        else json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteDynamic(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case Struct fields:
                json.WriteStartObject();
                foreach (var (name, item) in fields.Fields)
                {
                    json.WritePropertyName(name);
                    WriteDynamic(json, item);
                }
                json.WriteEndObject();
                break;
            case ListValue list:
                json.WriteStartArray();
                foreach (var item in list.Values) WriteDynamic(json, item);
                json.WriteEndArray();
                break;
            case Value { KindCase: Value.KindOneofCase.StructValue } item: WriteDynamic(json, item.StructValue); break;
            case Value { KindCase: Value.KindOneofCase.ListValue } item: WriteDynamic(json, item.ListValue); break;
            case Value { KindCase: Value.KindOneofCase.StringValue } item: json.WriteStringValue(item.StringValue); break;
            case Value { KindCase: Value.KindOneofCase.NumberValue } item: WriteNumber(json, item.NumberValue); break;
            case Value { KindCase: Value.KindOneofCase.BoolValue } item: json.WriteBooleanValue(item.BoolValue); break;
            default: json.WriteNullValue(); break;
        }
    }
}
