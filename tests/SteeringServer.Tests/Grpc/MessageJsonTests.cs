using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Steering.V1;
using SteeringServer.Grpc;

namespace SteeringServer.Tests.Grpc;

public sealed class MessageJsonTests
{
    [Fact]
    public void What_is_not_set_is_left_out_and_what_is_set_to_its_default_is_not() =>
        Assert.Equal("""{"n":0,"seed":0,"steering":{}}""", Sorted(new GenerateRequest { Model = "", N = 0, Seed = 0, Echo = false, Steering = new SteeringSpec() }));

    [Fact]
    public void Numbers_bytes_words_and_maps_have_the_form_of_the_http_api()
    {
        Assert.Equal("""{"logit_bias":{"7":-0.5},"seed":-9007199254740993,"temperature":0.1}""", Sorted(new GenerateRequest { Temperature = 0.1, Seed = -9007199254740993, LogitBias = { [7] = -0.5 } }));
        Assert.Equal("""{"data":"AP8=","dtype":"bf16","role":"b1","shape":[1,2]}""", Sorted(new InlineTensor { Data = ByteString.CopyFrom(0, 255), Dtype = Dtype.Bf16, Role = TensorRole.B1, Shape = { 1, 2 } }));
        Assert.Equal("""{"op":"scale_coordinate","unit":"99"}""", Sorted(new VectorUse { Op = Op.ScaleCoordinate, Unit = (Unit)99 }));
        Assert.Equal("""{"values":[0.10000000149011612,"NaN","-Infinity"]}""", Sorted(new InlineTensor { Values = { 0.1f, float.NaN, float.NegativeInfinity } })); // every bit of the f32
    }

    [Fact]
    public void Structures_without_a_type_keep_theirs()
    {
        const string tools = """{"function":{"name":"look","strict":true,"parameters":[1,null,{"a":"b"}]},"type":"function"}""";

        string written = Sorted(new GenerateRequest { Tools = { JsonParser.Default.Parse<Struct>(tools) } });

        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse($$"""{"tools":[{{tools}}]}""").RootElement, JsonDocument.Parse(written).RootElement), written);
    }

    private static string Sorted(IMessage message)
    {
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer)) new MessageJson(new Dictionary<Google.Protobuf.Reflection.MessageDescriptor, Action<Utf8JsonWriter, IMessage>>()).WriteObject(json, message);
        var members = JsonDocument.Parse(buffer.ToArray()).RootElement.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => $"\"{member.Name}\":{member.Value.GetRawText()}");
        return $"{{{string.Join(',', members)}}}";
    }
}
