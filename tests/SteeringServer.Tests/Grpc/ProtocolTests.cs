using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Steering.V1;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Grpc;

/// <summary>What a client that is no gRPC library, or a broken one, may send (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).</summary>
[Collection(ServerCollection.Name)]
public sealed class ProtocolTests(ServerFixture fixture)
{
    private const string Generate = "/steering.v1.Generation/Generate";
    private static readonly byte[] Message = new GenerateRequest { Prompt = { Rpc.Text("Once") }, MaxTokens = 2, IgnoreEos = true }.ToByteArray();
    private readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc; charset=utf-8")]
    public async Task A_call_is_a_post_with_a_prefixed_message(string contentType)
    {
        var answer = await CallAsync(Frame(Message), contentType: contentType);

        Assert.Equal((HttpStatusCode.OK, "0", "application/grpc"), (answer.Http, answer.Status, answer.ContentType));
        Assert.Equal(2, GenerateResponse.Parser.ParseFrom(answer.Body[5..]).Usage.CompletionTokens);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData("application/grpcx")]
    public async Task Another_content_type_is_415(string contentType) => Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await CallAsync(Frame(Message), contentType: contentType)).Http);

    [Theory]
    [InlineData("/steering.v1.Generation/Degenerate")]
    [InlineData("/steering.v2.Generation/Generate")]
    [InlineData("/v1/chat/completions")]
    [InlineData("/health")]
    public async Task What_is_not_there_is_unimplemented_and_says_where_to_look(string path)
    {
        var answer = await CallAsync(Frame(Message), path);

        Assert.Equal((HttpStatusCode.OK, "12"), (answer.Http, answer.Status));
        Assert.NotEmpty(answer.Details);
        Assert.True(answer.Message.Contains("steering.v1.Generation/Generate", StringComparison.Ordinal), answer.Message);
    }

    [Fact]
    public async Task The_grpc_port_serves_no_http_routes()
    {
        using var request = Request(HttpMethod.Get, "/v1/models");
        using var response = await _server.Raw.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("HTTP/1.1 is served on", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_http_port_answers_a_grpc_call_with_426()
    {
        using var content = new ByteArrayContent(Frame(Message)) { Headers = { ContentType = new("application/grpc") } };
        using var response = await _server.Http.PostAsync(Generate, content);

        Assert.Equal((HttpStatusCode.UpgradeRequired, "HTTP/2"), (response.StatusCode, response.Headers.Upgrade.Single().ToString()));
        Assert.Contains("wrong_port", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], string, string> BrokenBodies => new()
    {
        { "nothing", [], "13", "Incomplete message" },
        { "half a prefix", [0, 0, 0], "13", "Incomplete message" },
        { "half a message", Frame(Message)[..^3], "13", "Incomplete message" },
        { "two messages", [.. Frame(Message), .. Frame(Message)], "13", "Additional data" },
        { "a byte too many", [.. Frame(Message), 0], "13", "Additional data" },
        { "flag 2", [2, .. Frame(Message)[1..]], "3", "compressed flag" },
        { "compressed without an encoding", [1, .. Frame(Message)[1..]], "13", "did not include grpc-encoding" },
        { "a message that is none", Frame([0xFF, 0xFF, 0xFF]), "3", "cannot be read" },
        { "33 MiB announced", [0, 0x02, 0x10, 0, 0, 1, 2, 3], "8", "exceeds" },
        { "4 GiB announced", [0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3], "8", "32 MiB" },
    };

    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task A_broken_body_has_a_status_and_costs_nobody_else_anything(string what, byte[] body, string status, string message)
    {
        var answer = await CallAsync(body);

        Assert.True(answer.Status == status && answer.Message.Contains(message, StringComparison.Ordinal), $"{what}: {answer.Status} {answer.Message}");
        Assert.Equal("0", (await CallAsync(Frame(Message))).Status);
    }

    [Theory]
    [InlineData("identity", 1, "13")]
    [InlineData("br", 1, "12")]
    [InlineData("br", 0, "0")]
    [InlineData("gzip", 1, "0")]
    public async Task Encodings_are_taken_or_refused_with_a_list_of_those_there_are(string encoding, byte flag, string status)
    {
        byte[] payload = encoding == "gzip" ? Gzip(Message) : Message;

        var answer = await CallAsync([flag, .. Frame(payload)[1..]], headers: ("grpc-encoding", encoding));

        Assert.Equal(status, answer.Status);
        if (status == "12") Assert.Equal("identity,gzip", answer.Headers.GetValues("grpc-accept-encoding").Single());
    }

    [Theory]
    [InlineData("gzip", 1)]
    [InlineData("identity, deflate,gzip", 1)]
    [InlineData("identity,deflate", 0)]
    public async Task Answers_are_compressed_for_those_who_say_that_they_read_it(string accepted, byte flag)
    {
        var answer = await CallAsync([1, .. Frame(Gzip(Message))[1..]], headers: [("grpc-encoding", "gzip"), ("grpc-accept-encoding", accepted)]);

        Assert.Equal(("0", flag, flag == 1), (answer.Status, answer.Body[0], answer.Headers.Contains("grpc-encoding")));
        var message = new MemoryStream();
        await (flag == 1 ? new GZipStream(new MemoryStream(answer.Body[5..]), CompressionMode.Decompress) : (Stream)new MemoryStream(answer.Body[5..])).CopyToAsync(message);
        Assert.Equal(2, GenerateResponse.Parser.ParseFrom(message.ToArray()).Usage.CompletionTokens);
    }

    [Fact]
    public async Task An_answer_of_no_bytes_is_not_compressed()
    {
        var answer = await CallAsync(Frame(new ListVectorsRequest { Name = "nobody" }.ToByteArray()), "/steering.v1.VectorRegistry/ListVectors", headers: ("grpc-accept-encoding", "gzip"));

        Assert.Equal("0", answer.Status);
        Assert.Equal(Frame([]), answer.Body);
    }

    [Fact]
    public async Task What_claims_to_be_gzip_and_is_not_is_refused()
    {
        var answer = await CallAsync([1, .. Frame(Message)[1..]], headers: ("grpc-encoding", "gzip"));

        Assert.Equal("3", answer.Status);
    }

    [Theory]
    [InlineData("5 s")]
    [InlineData("-5S")]
    [InlineData("S")]
    [InlineData("123456789S")]
    [InlineData("99999999H")]
    [InlineData("100S")]
    public async Task Timeouts_that_mean_nothing_and_those_without_an_end_do_no_harm(string timeout) => Assert.Equal("0", (await CallAsync(Frame(Message), headers: ("grpc-timeout", timeout))).Status);

    [Fact]
    public async Task Metadata_that_is_not_base64_is_nobodys_business() => Assert.Equal("0", (await CallAsync(Frame(Message), headers: ("trace-bin", "!!not base64!!"))).Status);

    [Fact]
    public async Task A_message_in_trailers_is_percent_encoded()
    {
        var answer = await CallAsync(Frame(new GenerateRequest { Model = "ünï%", Prompt = { Rpc.Text("Hi") } }.ToByteArray()));

        Assert.Equal("5", answer.Status);
        Assert.Contains("%C3%BCn%C3%AF%25", answer.RawMessage, StringComparison.Ordinal);
    }

    private static byte[] Frame(byte[] message)
    {
        byte[] frame = new byte[message.Length + 5];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }

    private static HttpRequestMessage Request(HttpMethod method, string path) => new(method, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private async Task<Answer> CallAsync(byte[] body, string path = Generate, string contentType = "application/grpc", params (string Name, string Value)[] headers)
    {
        using var request = Request(HttpMethod.Post, path);
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        request.Headers.TryAddWithoutValidation("te", "trailers");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _server.Raw.SendAsync(request);
        byte[] answer = await response.Content.ReadAsByteArrayAsync();
        return new Answer(response.StatusCode, response.Headers, response.TrailingHeaders, response.Content.Headers.ContentType?.ToString(), answer);
    }

    private sealed record Answer(HttpStatusCode Http, HttpResponseHeaders Headers, HttpResponseHeaders Trailers, string? ContentType, byte[] Body)
    {
        public string? Status => Value("grpc-status");
        public string RawMessage => Value("grpc-message") ?? "";
        public string Message => Uri.UnescapeDataString(RawMessage);
        public string Details => Value("grpc-status-details-bin") ?? "";

        // In the headers where there is no message to wait for.
        private string? Value(string name) => Headers.TryGetValues(name, out var values) || Trailers.TryGetValues(name, out values) ? values.Single() : null;
    }
}
