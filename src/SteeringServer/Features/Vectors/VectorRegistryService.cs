using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using SteeringServer.Errors;
using SteeringServer.Grpc;
using SteeringServer.Hosting;
using SteeringServer.Requests;
using Wire = Steering.V1;

namespace SteeringServer.Features.Vectors;

/// <summary>The gRPC service <c>steering.v1.VectorRegistry</c>: the verbs of <see cref="VectorRegistry"/>.</summary>
internal sealed class VectorRegistryService(Serving serving) : Wire.VectorRegistry.VectorRegistryBase
{
    public override Task<Wire.ListVectorsResponse> ListVectors(Wire.ListVectorsRequest request, ServerCallContext context)
    {
        Check(request);
        var vectors = serving.Require(request.Model).Vectors;
        var entries = request.Archived ? vectors.AllVersions() : vectors.Catalog.Entries;
        return Task.FromResult(new Wire.ListVectorsResponse { Vectors = { entries.Where(entry => request.Name.Length == 0 || entry.Vector.Name == request.Name).Select(VectorMessages.Summary) } });
    }

    public override Task<Wire.GetVectorResponse> GetVector(Wire.GetVectorRequest request, ServerCallContext context)
    {
        Check(request);
        var vectors = serving.Require(request.Model).Vectors;
        var entry = vectors.Find(request.Reference);
        return Task.FromResult(new Wire.GetVectorResponse { Vector = VectorMessages.Details(entry), Report = VectorMessages.Report(vectors.Report(entry.Vector.Name, entry.Vector.Version)) });
    }

    public override async Task<Wire.UploadVectorResponse> UploadVector(IAsyncStreamReader<Wire.UploadVectorRequest> requestStream, ServerCallContext context)
    {
        var (header, bytes) = await UploadStream.ReadAsync(requestStream, message => new UploadPart(message.Header, message.HasChunk ? message.Chunk : null, message.HasSha256 ? message.Sha256 : null), context.CancellationToken);
        var registration = serving.RequireAccepting(header.Model).Vectors.Register(Read(header, bytes), VectorUploadFields.IdempotencyKey(header.IdempotencyKey));
        return new Wire.UploadVectorResponse
        {
            Vector = VectorMessages.Details(registration.Entry),
            Existing = registration.Existing,
            Report = VectorMessages.Report(registration.Report),
            Replayed = registration.IsReplay,
        };
    }

    public override async Task<Wire.ValidateVectorResponse> ValidateVector(IAsyncStreamReader<Wire.ValidateVectorRequest> requestStream, ServerCallContext context)
    {
        var (header, bytes) = await UploadStream.ReadAsync(requestStream, message => new UploadPart(message.Header, message.HasChunk ? message.Chunk : null, message.HasSha256 ? message.Sha256 : null), context.CancellationToken);
        var preview = serving.Require(header.Model).Vectors.Validate(Read(header, bytes));
        var answer = new Wire.ValidateVectorResponse { Valid = preview.Report.IsValid, Name = preview.Name, Existing = preview.Existing, Report = VectorMessages.Report(preview.Report) };
        if (preview.WouldBe is { } version) answer.WouldBe = string.Create(CultureInfo.InvariantCulture, $"{preview.Name}@{version}");
        return answer;
    }

    public override async Task DownloadVector(Wire.DownloadVectorRequest request, IServerStreamWriter<Wire.DownloadVectorResponse> responseStream, ServerCallContext context)
    {
        Check(request);
        var entry = serving.Require(request.Model).Vectors.Find(request.Reference);
        var download = VectorDownload.Of(entry.Vector, VectorMessages.FormatOf(request.Format));
        await responseStream.WriteAsync(new Wire.DownloadVectorResponse { Header = new Wire.DownloadHeader { Vector = VectorMessages.Summary(entry), FileName = download.FileName, Size = download.Bytes.Length } });
        for (int at = 0; at < download.Bytes.Length; at += UploadStream.MostChunkBytes)
        {
            var chunk = download.Bytes.Slice(at, Math.Min(UploadStream.MostChunkBytes, download.Bytes.Length - at));
            await responseStream.WriteAsync(new Wire.DownloadVectorResponse { Chunk = UnsafeByteOperations.UnsafeWrap(chunk) });
        }
        await responseStream.WriteAsync(new Wire.DownloadVectorResponse { Sha256 = Convert.ToHexStringLower(SHA256.HashData(download.Bytes.Span)) });
    }

    public override Task<Wire.ListAliasesResponse> ListAliases(Wire.ListAliasesRequest request, ServerCallContext context)
    {
        Check(request);
        return Task.FromResult(new Wire.ListAliasesResponse { Aliases = { serving.Require(request.Model).Vectors.Aliases.List(request.Name).Select(VectorMessages.Alias) } });
    }

    public override Task<Wire.SetAliasResponse> SetAlias(Wire.SetAliasRequest request, ServerCallContext context)
    {
        Check(request, problems => VectorAliases.CheckName(request.Alias, "alias", problems));
        var state = serving.RequireAccepting(request.Model).Vectors.Aliases.Set(request.Name, request.Alias, request.Version, Condition(request.HasExpectedRevision, request.ExpectedRevision));
        return Task.FromResult(new Wire.SetAliasResponse { Alias = VectorMessages.Alias(state) });
    }

    public override Task<Wire.DeleteAliasResponse> DeleteAlias(Wire.DeleteAliasRequest request, ServerCallContext context)
    {
        Check(request);
        serving.RequireAccepting(request.Model).Vectors.Aliases.Remove(request.Name, request.Alias, Condition(request.HasExpectedRevision, request.ExpectedRevision));
        return Task.FromResult(new Wire.DeleteAliasResponse());
    }

    public override Task<Wire.PromoteVectorResponse> PromoteVector(Wire.PromoteVectorRequest request, ServerCallContext context)
    {
        string alias = OrProduction(request.Alias), selector = request.HasFromAlias ? request.FromAlias : request.Version.ToString(CultureInfo.InvariantCulture);
        Check(request, problems =>
        {
            if (request.SourceCase == Wire.PromoteVectorRequest.SourceOneofCase.None) problems.Add("version", "is missing; send a version number, or from_alias with the alias whose version is to be promoted");
            VectorAliases.CheckName(alias, "alias", problems);
        });
        var state = serving.RequireAccepting(request.Model).Vectors.Aliases.Promote(request.Name, selector, alias, Condition(request.HasExpectedRevision, request.ExpectedRevision));
        return Task.FromResult(new Wire.PromoteVectorResponse { Alias = VectorMessages.Alias(state) });
    }

    public override Task<Wire.RollbackVectorResponse> RollbackVector(Wire.RollbackVectorRequest request, ServerCallContext context)
    {
        Check(request);
        var state = serving.RequireAccepting(request.Model).Vectors.Aliases.Rollback(request.Name, OrProduction(request.Alias), Condition(request.HasExpectedRevision, request.ExpectedRevision));
        return Task.FromResult(new Wire.RollbackVectorResponse { Alias = VectorMessages.Alias(state) });
    }

    public override Task<Wire.ArchiveVectorResponse> ArchiveVector(Wire.ArchiveVectorRequest request, ServerCallContext context)
    {
        Check(request);
        var vectors = serving.RequireAccepting(request.Model).Vectors;
        var archival = request.HasVersion ? vectors.Archive(request.Name, request.Version) : vectors.Archive(request.Name);
        return Task.FromResult(new Wire.ArchiveVectorResponse { Versions = { archival.Versions.ToArray() }, Aliases = { archival.Aliases } });
    }

    private static VectorUpload Read(Wire.UploadHeader header, ReadOnlyMemory<byte> bytes)
    {
        var problems = UnknownFields.In(header);
        var said = new VectorUpload
        {
            Name = header.Name.Length > 0 ? header.Name : null,
            Unit = VectorUploadFields.Unit(VectorMessages.UnitOf(header.Unit), problems),
            ModelFingerprint = header.ModelFingerprint.Length > 0 ? header.ModelFingerprint : null,
            Aliases = VectorUploadFields.Aliases(header.Aliases.Select((alias, i) => ($"aliases[{i}]", alias)), problems),
            Metadata = VectorUploadFields.Metadata(header.Metadata, problems),
        };
        var sites = VectorUploadFields.Sites(header.Sites.Select((site, i) => ($"sites[{i}]", site)), problems);
        string? convention = header.Convention.Length > 0 ? header.Convention : null;
        var upload = VectorUploadReader.OfFile(new VectorUploadFile(bytes, header.FileName, VectorMessages.FormatOf(header.Format), convention, sites), said, problems);
        problems.ThrowIfAny();
        return upload;
    }

    private static void Check(IMessage request, Action<FieldProblems>? more = null)
    {
        var problems = UnknownFields.In(request);
        more?.Invoke(problems);
        problems.ThrowIfAny();
    }

    private static AliasCondition Condition(bool isGiven, long revision) => !isGiven ? default : revision == 0 ? new AliasCondition(MustBeNew: true) : new AliasCondition((int)Math.Clamp(revision, -1, int.MaxValue));

    private static string OrProduction(string alias) => alias.Length == 0 ? CatalogEntry.Production : alias;
}
