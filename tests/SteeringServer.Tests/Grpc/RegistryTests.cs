using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using SteeringServer.Features.Vectors;
using SteeringServer.Tests.Features.Vectors;
using SteeringServer.Tests.Fixtures;
using Wire = Steering.V1;

namespace SteeringServer.Tests.Grpc;

/// <summary>The registry over gRPC: uploads in parts, and the verbs that HTTP has too.</summary>
[Collection(RegistryCollection.Name)]
public sealed class RegistryTests(ServerFixture fixture)
{
    private readonly Wire.VectorRegistry.VectorRegistryClient _registry = new(fixture.Server.Channel);
    private readonly HttpClient _http = fixture.Server.Http;

    private static Wire.UploadVectorRequest Header(string name) => new() { Header = new Wire.UploadHeader { Name = name } };

    private static Wire.UploadVectorRequest Chunk(byte[] bytes) => new() { Chunk = ByteString.CopyFrom(bytes) };

    private static Wire.UploadVectorRequest Sum(byte[] bytes) => new() { Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)) };

    private async Task<Wire.UploadVectorResponse> SendAsync(params Wire.UploadVectorRequest[] parts)
    {
        using var call = _registry.UploadVector();
        try
        {
            foreach (var part in parts) await call.RequestStream.WriteAsync(part);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception refusedEarly) when (refusedEarly is RpcException or InvalidOperationException)
        {
            // The answer says why.
        }
        return await call.ResponseAsync;
    }

    private Task<Wire.UploadVectorResponse> UploadAsync(string name, byte[] file) => SendAsync(Header(name), Chunk(file[..100]), Chunk(file[100..]), Sum(file));

    [Fact]
    public async Task An_upload_in_chunks_is_what_http_shows_and_serves()
    {
        byte[] file = Vectors.File(71, metadata: [("method", "by hand")]);
        var uploaded = await UploadAsync("over-grpc", file);
        var read = await _registry.GetVectorAsync(new() { Reference = "over-grpc" });
        var http = (await _http.ReadAsync("/v1/vectors/over-grpc")).Json;

        Assert.Equal(("over-grpc@1", "by hand", Wire.Origin.Upload, Wire.FileFormat.Safetensors), (uploaded.Vector.Summary.Id, uploaded.Vector.Summary.Method, uploaded.Vector.Summary.Origin, uploaded.Report.Format));
        Assert.Equal((uploaded.Vector, uploaded.Report), (read.Vector, read.Report));
        Assert.Equal((http.GetProperty("sha256").GetString(), http.GetProperty("tensors")[0].GetProperty("norm").GetDouble()), (read.Vector.Summary.Sha256, read.Vector.Tensors[0].Norm));
        Assert.Equal(("over-grpc", 1), (await _http.UseAsync("over-grpc")).Applied());
        Assert.Contains((await _registry.ListVectorsAsync(new() { Name = "over-grpc" })).Vectors, vector => vector.Id == "over-grpc@1");
    }

    [Theory]
    [InlineData("Unspecified"), InlineData("Gguf"), InlineData("Npz"), InlineData("Json")]
    public async Task A_download_carries_its_hash_and_registers_as_the_same_content(string format)
    {
        await UploadAsync("back", Vectors.File(72));
        using var call = _registry.DownloadVector(new() { Reference = "back@1", Format = Enum.Parse<Wire.FileFormat>(format) });
        var parts = new List<Wire.DownloadVectorResponse>();
        await foreach (var part in call.ResponseStream.ReadAllAsync()) parts.Add(part);
        byte[] bytes = [.. parts.Where(part => part.HasChunk).SelectMany(part => part.Chunk)];

        Assert.Equal((parts[0].Header.Size, parts[^1].Sha256), (bytes.Length, Sum(bytes).Sha256));
        var again = await SendAsync(Header("back"), Chunk(bytes), Sum(bytes));
        Assert.Equal((true, "back@1"), (again.Existing, again.Vector.Summary.Id));
    }

    [Fact]
    public async Task What_was_cut_off_changed_or_out_of_place_is_refused_by_its_part()
    {
        byte[] file = Vectors.File(73);
        (string Part, Wire.UploadVectorRequest[] Messages)[] uploads =
        [
            ("header", []), ("header", [Chunk(file)]), ("header", [Header("x"), Header("x")]), ("sha256", [Header("x"), Chunk(file)]), ("sha256", [Header("x"), Chunk(file), Sum(file[1..])]),
            ("sha256", [Header("x"), Chunk(file), Sum(file), Chunk(file)]), ("chunk", [Header("x"), Chunk(new byte[(1 << 20) + 1])]), ("part", [Header("x"), new()]),
        ];
        foreach (var (part, messages) in uploads)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => SendAsync(messages));
            Assert.Equal((StatusCode.InvalidArgument, part), (refused.StatusCode, refused.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Single().Field));
        }
        var large = await Assert.ThrowsAsync<RpcException>(() => SendAsync([Header("x"), .. Enumerable.Repeat(Chunk(new byte[1 << 20]), 33)]));
        Assert.Equal(StatusCode.ResourceExhausted, large.StatusCode);
        var malformed = await Assert.ThrowsAsync<RpcException>(() => SendAsync(Header("x"), Chunk(file[..50]), Sum(file[..50])));
        Assert.Equal(StatusCode.InvalidArgument, malformed.StatusCode);
        Assert.DoesNotContain((await _registry.ListVectorsAsync(new() { Archived = true })).Vectors, vector => vector.Name == "x");
    }

    [Fact]
    public async Task An_upload_that_is_broken_off_is_a_client_that_left_and_no_failure() =>
        await Assert.ThrowsAsync<OperationCanceledException>(() => UploadStream.ReadAsync(new BrokenStream(), message => new UploadPart(message.Header, null, null), default));

    private sealed class BrokenStream : IAsyncStreamReader<Wire.UploadVectorRequest>
    {
        public Wire.UploadVectorRequest Current => Header("x");

        public Task<bool> MoveNext(CancellationToken cancellationToken) => throw new IOException("The client reset the request stream.");
    }

    [Fact]
    public async Task A_dry_run_reports_what_an_upload_would()
    {
        byte[] wrong = Vectors.File(74, "resid_post.11", 48);
        using var call = _registry.ValidateVector();
        await call.RequestStream.WriteAsync(new Wire.ValidateVectorRequest { Header = new Wire.UploadHeader { Name = "dry", Sites = { "resid_post.4-5" }, Unit = Wire.Unit.Rms } });
        await call.RequestStream.WriteAsync(new Wire.ValidateVectorRequest { Chunk = ByteString.CopyFrom(wrong) });
        await call.RequestStream.WriteAsync(new Wire.ValidateVectorRequest { Sha256 = Sum(wrong).Sha256 });
        await call.RequestStream.CompleteAsync();
        var preview = await call.ResponseAsync;

        Assert.Equal((false, "dry", false), (preview.Valid, preview.Name, preview.HasWouldBe));
        Assert.NotEmpty(preview.Report.Problems);
    }

    [Fact]
    public async Task Aliases_are_set_compared_promoted_rolled_back_and_removed()
    {
        foreach (int seed in new[] { 75, 76 }) await UploadAsync("tone", Vectors.File(seed));
        var canary = (await _registry.SetAliasAsync(new() { Name = "tone", Alias = "canary", Version = 2, ExpectedRevision = 0 })).Alias;
        var taken = await Assert.ThrowsAsync<RpcException>(async () => await _registry.SetAliasAsync(new() { Name = "tone", Alias = "canary", Version = 1, ExpectedRevision = 0 }));
        var promoted = (await _registry.PromoteVectorAsync(new() { Name = "tone", FromAlias = "canary", ExpectedRevision = 1 })).Alias;
        var stale = await Assert.ThrowsAsync<RpcException>(async () => await _registry.PromoteVectorAsync(new() { Name = "tone", Version = 1, ExpectedRevision = 1 }));
        var rolledBack = (await _registry.RollbackVectorAsync(new() { Name = "tone" })).Alias;
        var neither = await Assert.ThrowsAsync<RpcException>(async () => await _registry.PromoteVectorAsync(new() { Name = "tone" }));
        await _registry.DeleteAliasAsync(new() { Name = "tone", Alias = "canary", ExpectedRevision = canary.Revision });

        Assert.Equal((StatusCode.Aborted, StatusCode.Aborted, StatusCode.InvalidArgument), (taken.StatusCode, stale.StatusCode, neither.StatusCode));
        Assert.Equal(((2, 1), (1, 3L)), ((promoted.Version, promoted.Previous), (rolledBack.Version, rolledBack.Revision)));
        Assert.Equal(["prod"], (await _registry.ListAliasesAsync(new() { Name = "tone" })).Aliases.Select(alias => alias.Alias));
    }

    [Fact]
    public async Task Archives_repeats_and_unknown_names_are_answered_as_over_http()
    {
        var header = Header("twice");
        header.Header.IdempotencyKey = Guid.NewGuid().ToString();
        byte[] file = Vectors.File(77), other = Vectors.File(78);
        Assert.False((await SendAsync(header, Chunk(file), Sum(file))).Replayed);
        Assert.True((await SendAsync(header, Chunk(file), Sum(file))).Replayed);
        var reused = await Assert.ThrowsAsync<RpcException>(() => SendAsync(header, Chunk(other), Sum(other)));
        var inUse = await Assert.ThrowsAsync<RpcException>(async () => await _registry.ArchiveVectorAsync(new() { Name = "twice", Version = 1 }));
        var archived = await _registry.ArchiveVectorAsync(new() { Name = "twice" });
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await _registry.GetVectorAsync(new() { Reference = "twice" }));
        var malformed = await Assert.ThrowsAsync<RpcException>(async () => await _registry.GetVectorAsync(new() { Reference = "Not A Name" }));

        Assert.Equal((StatusCode.FailedPrecondition, StatusCode.Aborted, StatusCode.NotFound, StatusCode.InvalidArgument), (reused.StatusCode, inUse.StatusCode, gone.StatusCode, malformed.StatusCode));
        Assert.Equal([1], archived.Versions);
        Assert.Equal(["prod"], archived.Aliases);
        Assert.Equal("VERSION_IN_USE", inUse.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason);
    }
}
