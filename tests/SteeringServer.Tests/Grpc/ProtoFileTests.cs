using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using Steering.Tests;
using Steering.V1;

namespace SteeringServer.Tests.Grpc;

/// <summary>The style of the .proto files (https://protobuf.dev/programming-guides/style and https://buf.build/docs/best-practices/style-guide), read off their descriptors and text.</summary>
public sealed partial class ProtoFileTests
{
    private static readonly FileDescriptor[] Files = [AttributionReflection.Descriptor, DatasetReflection.Descriptor, ExtractionReflection.Descriptor, GenerationReflection.Descriptor, ModelsReflection.Descriptor, SteeringReflection.Descriptor, VectorsReflection.Descriptor];

    // Lists whose names are those of the HTTP API's fields.
    private static readonly string[] Singular = ["use", "inline", "include", "exclude", "prompt", "stop", "shape", "applied", "unsteered", "columns", "logit_bias", "metadata", "except", "stored"];

    [Fact]
    public void Every_file_is_checked() =>
        Assert.Equal(Directory.GetFiles(Repository.PathTo("protos", "steering", "v1")).Select(file => $"steering/v1/{Path.GetFileName(file)}").Order(), Files.Select(file => file.Name).Order());

    [Fact]
    public void Each_method_has_messages_of_its_own_with_its_name()
    {
        // What goes on after the call answers with an operation (https://google.aip.dev/151).
        foreach (var method in Files.SelectMany(file => file.Services).SelectMany(service => service.Methods))
            Assert.Equal(($"steering.v1.{method.Name}Request", method.Name == "Extract" ? "google.longrunning.Operation" : $"steering.v1.{method.Name}Response"), (method.InputType.FullName, method.OutputType.FullName));
        Assert.Equal(25, Files.SelectMany(file => file.Services).Sum(service => service.Methods.Count));
    }

    [Fact]
    public void The_zero_of_an_enum_is_unspecified_and_every_value_has_its_prefix()
    {
        foreach (var type in Files.SelectMany(file => file.EnumTypes))
        {
            string prefix = CapitalInside().Replace(type.Name, "_$0").ToUpperInvariant() + "_";
            Assert.Equal($"{prefix}UNSPECIFIED", type.FindValueByNumber(0).Name);
            Assert.All(type.Values, value => Assert.StartsWith(prefix, value.Name, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Names_are_in_snake_case_and_lists_in_the_plural()
    {
        foreach (var field in Messages().SelectMany(message => message.Fields.InDeclarationOrder()))
        {
            Assert.Matches("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", field.Name);
            if (field.IsRepeated && !Singular.Contains(field.Name)) Assert.EndsWith("s", field.Name, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Everything_has_a_comment_before_it()
    {
        foreach (var file in Files)
        {
            string before = "";
            foreach (string line in File.ReadLines(Repository.PathTo("protos", file.Name)))
            {
                if (Declaration().IsMatch(line)) Assert.True(before.TrimStart().StartsWith("//", StringComparison.Ordinal), $"{file.Name}: {line.Trim()} has no comment");
                Assert.True(line.Length <= 160, $"{file.Name}: {line} is too long");
                before = line;
            }
        }
    }

    [Fact]
    public void The_request_of_a_stream_has_the_fields_of_the_unary_one()
    {
        Assert.Equal(Fields(GenerateRequest.Descriptor), Fields(GenerateStreamRequest.Descriptor));
        Assert.Equal(Fields(AttributeRequest.Descriptor), Fields(AttributeStreamRequest.Descriptor));
    }

    [Fact]
    public void The_words_of_the_enums_are_those_of_the_http_api()
    {
        Assert.Equal(Steering.Engine.Interventions.SteeringNames.Units, Words("unit"));
        Assert.Equal([.. Steering.Engine.Interventions.SteeringNames.Operations, "ablate", "erase", "clamp"], Words("op"));

        static IEnumerable<string> Words(string field) => VectorUse.Descriptor.FindFieldByName(field).EnumType is var type
            ? type.Values.Skip(1).Select(value => SteeringServer.Grpc.EnumWords.WordOf(type, value.Number)) : [];
    }

    private static IEnumerable<MessageDescriptor> Messages() => Files.SelectMany(file => file.MessageTypes);

    private static IEnumerable<(string, int, FieldType, bool, bool)> Fields(MessageDescriptor message) =>
        message.Fields.InFieldNumberOrder().Select(field => (field.Name, field.FieldNumber, field.FieldType, field.IsRepeated, field.HasPresence));

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex CapitalInside();

    [GeneratedRegex(@"^\s*(syntax |service |rpc |message |enum |oneof |[A-Z_]+ = \d+;|(optional |repeated )?[\w.<>, ]+ \w+ = \d+;)")]
    private static partial Regex Declaration();
}
