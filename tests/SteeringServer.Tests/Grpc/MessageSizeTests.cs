using Google.Protobuf;
using Grpc.Core;
using Steering.V1;
using SteeringServer.Grpc;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Grpc;

[Collection(ServerCollection.Name)]
public sealed class MessageSizeTests(ServerFixture fixture)
{
    private const string CompressRequest = "grpc-internal-encoding-request"; // read and removed by the client library
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task What_expands_beyond_the_limit_is_refused_on_the_way()
    {
        // 200 MiB of spaces are 200 KB of gzip.
        var bomb = new GenerateRequest { Prompt = { Rpc.Text(new string(' ', 200 << 20)) } };

        var refused = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(bomb, new Metadata { { CompressRequest, "gzip" } }).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, refused.Code);
        Assert.Contains("expands to more than the 32 MiB", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_expansion_stops_at_the_limit()
    {
        const int Limit = 1 << 20;
        var gzip = new BoundedGzip(Limit);
        var packed = new MemoryStream();
        using (var compress = gzip.CreateCompressionStream(packed, null)) compress.Write(new byte[50 * Limit]);
        packed.Position = 0;
        using var expanded = gzip.CreateDecompressionStream(packed);
        var read = new MemoryStream();

        var refused = Assert.Throws<RpcException>(() => expanded.CopyTo(read));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.InRange(read.Length, 0, Limit);
    }

    [Fact]
    public async Task A_message_of_the_limit_passes_and_a_larger_one_does_not()
    {
        // The text is hopelessly long, which is what passing means here; 5 bytes more than the limit are the library's to refuse.
        static GenerateRequest OfSize(int bytes)
        {
            var request = new GenerateRequest { Prompt = { Rpc.Text(new string(' ', bytes - 100)) } };
            request.Prompt[0].Text += new string(' ', bytes - request.CalculateSize());
            Assert.Equal(bytes, request.CalculateSize());
            return request;
        }

        var passed = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(OfSize(32 << 20)).ResponseAsync);
        var refused = await Rpc.RefusedAsync(() => _server.Generation().GenerateAsync(OfSize((32 << 20) + 1)).ResponseAsync);

        Assert.Equal((StatusCode.InvalidArgument, "CONTEXT_LENGTH_EXCEEDED"), (passed.Code, passed.Info!.Reason));
        Assert.Equal(StatusCode.ResourceExhausted, refused.Code);
    }
}
