using Google.Protobuf;
using Google.Protobuf.Reflection;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Grpc;

/// <summary>
/// Refuses fields that a message's type does not have, as unknown names are refused in JSON: what a newer client asks for must not be lost without a word.
/// The library keeps such fields but shows them to nobody, so they are looked for in the message's bytes.
/// </summary>
internal static class UnknownFields
{
    /// <summary>The problems of a request so far: the fields that it may not have.</summary>
    public static FieldProblems In(IMessage request)
    {
        var problems = new FieldProblems();
        Report(request, "", problems);
        return problems;
    }

    /// <param name="path">Where the message is in the request; empty for the request itself.</param>
    public static void Report(IMessage message, string path, FieldProblems problems)
    {
        byte[] bytes = message.ToByteArray();
        Walk(bytes, 0, bytes.Length, message.Descriptor, path, problems);
    }

    private static void Walk(byte[] bytes, int start, int length, MessageDescriptor type, string path, FieldProblems problems)
    {
        using var input = new CodedInputStream(bytes, start, length);
        var counts = new Dictionary<FieldDescriptor, int>();
        while (input.ReadTag() is var tag and not 0 && !problems.IsFull)
        {
            int number = WireFormat.GetTagFieldNumber(tag);
            int value = (int)input.Position;
            input.SkipLastField();
            string prefix = path.Length == 0 ? "" : $"{path}.";
            if (type.FindFieldByNumber(number) is not { } field)
            {
                problems.Add($"{prefix}{number}", $"field number {number} is not a field of {type.FullName} here; leave it out, or use a server that knows it", ErrorCode.UnknownField);
            }
            else if (field.FieldType == FieldType.Message)
            {
                int index = counts[field] = counts.GetValueOrDefault(field, -1) + 1;
                using var nested = new CodedInputStream(bytes, value, start + length - value);
                int size = nested.ReadLength();
                Walk(bytes, (int)nested.Position, size, field.MessageType, $"{prefix}{field.Name}{(field.IsRepeated ? $"[{index}]" : "")}", problems);
            }
        }
    }
}
