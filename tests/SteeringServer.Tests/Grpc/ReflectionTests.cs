using Google.Protobuf.Reflection;
using Grpc.Core;
using SteeringServer.Tests.Fixtures;
using Alpha = Grpc.Reflection.V1Alpha;
using V1 = Grpc.Reflection.V1;

namespace SteeringServer.Tests.Grpc;

/// <summary>Tools find out what there is, in the version of the protocol that they speak.</summary>
[Collection(ServerCollection.Name)]
public sealed class ReflectionTests(ServerFixture fixture)
{
    private static readonly string[] Files = ["google/protobuf/struct.proto", "google/protobuf/timestamp.proto", "steering/v1/generation.proto", "steering/v1/steering.proto"];

    [Fact]
    public async Task Version_1_lists_the_services_and_hands_out_their_files()
    {
        using var call = new V1.ServerReflection.ServerReflectionClient(fixture.Server.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new V1.ServerReflectionRequest { ListServices = "" });
        await call.RequestStream.WriteAsync(new V1.ServerReflectionRequest { FileContainingSymbol = "steering.v1.Generation" });
        await call.RequestStream.WriteAsync(new V1.ServerReflectionRequest { FileContainingSymbol = "no.such.Service" });
        await call.RequestStream.CompleteAsync();
        var answers = await call.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Superset(new HashSet<string> { "steering.v1.Generation", "grpc.health.v1.Health" }, answers[0].ListServicesResponse.Service.Select(service => service.Name).ToHashSet());
        Assert.Equal(Files, Names(answers[1].FileDescriptorResponse.FileDescriptorProto));
        Assert.Equal((int)StatusCode.NotFound, answers[2].ErrorResponse.ErrorCode);
    }

    [Fact]
    public async Task Version_1_alpha_does_too()
    {
        using var call = new Alpha.ServerReflection.ServerReflectionClient(fixture.Server.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new Alpha.ServerReflectionRequest { ListServices = "" });
        await call.RequestStream.WriteAsync(new Alpha.ServerReflectionRequest { FileByFilename = "steering/v1/generation.proto" });
        await call.RequestStream.CompleteAsync();
        var answers = await call.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Contains("steering.v1.Generation", answers[0].ListServicesResponse.Service.Select(service => service.Name));
        Assert.Equal(Files, Names(answers[1].FileDescriptorResponse.FileDescriptorProto));
    }

    private static IEnumerable<string> Names(IEnumerable<Google.Protobuf.ByteString> files) => files.Select(file => FileDescriptorProto.Parser.ParseFrom(file).Name).Order(StringComparer.Ordinal);
}
