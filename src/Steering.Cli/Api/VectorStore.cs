using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Steering.Cli.Recipes;

namespace Steering.Cli.Api;

/// <summary>The server's store of vectors, <c>/v1/vectors</c>. Throws as <see cref="SteeringClient"/> does.</summary>
/// <param name="model">Whose vectors; null: those of the server's first model.</param>
internal sealed class VectorStore(SteeringClient client, string? model = null)
{
    /// <summary>From this size on the server is asked before the file is sent, and a bar shows how far it is.</summary>
    public const long LargeFile = 2 << 20;

    private const string Root = "v1/vectors";

    /// <param name="archived">Archived versions as well.</param>
    public Task<Document<VectorListing>> ListAsync(bool archived, CancellationToken cancellation) =>
        client.GetAsync(Of(archived ? $"{Root}?archived=true" : Root), WireJson.Default.VectorListing, cancellation);

    /// <summary>A version with its tensors. One named by its number is found even when it is archived.</summary>
    public Task<Document<StoredVector>> FindAsync(VectorReference reference, CancellationToken cancellation) =>
        client.GetAsync(Of(reference.Version is { } version ? VersionPath(reference.Name, version) : $"{Root}/{reference}"), WireJson.Default.StoredVector, cancellation);

    /// <summary>What was found when the version was imported.</summary>
    public async Task<ImportReport> ReportAsync(string name, int version, CancellationToken cancellation) =>
        (await client.GetAsync(Of($"{VersionPath(name, version)}/report"), WireJson.Default.ImportReport, cancellation)).Value;

    /// <summary>Stores a file as a new version. The key makes sending it again harmless, so it is sent again when the connection breaks before the answer.</summary>
    /// <param name="sent">Is told how many bytes of the file have gone out.</param>
    public Task<Document<StoredVector>> RegisterAsync(VectorUpload upload, Action<long> sent, CancellationToken cancellation) =>
        UploadAsync(Root, upload, Guid.NewGuid().ToString(), sent, WireJson.Default.StoredVector, cancellation);

    /// <summary>What <see cref="RegisterAsync"/> would say; nothing is stored.</summary>
    public Task<Document<UploadPreview>> ValidateAsync(VectorUpload upload, Action<long> sent, CancellationToken cancellation) =>
        UploadAsync($"{Root}:validate", upload, idempotencyKey: null, sent, WireJson.Default.UploadPreview, cancellation);

    public Task<Document<AliasListing>> AliasesAsync(string name, CancellationToken cancellation) =>
        client.GetAsync(Of($"{Root}/{name}/aliases"), WireJson.Default.AliasListing, cancellation);

    public async Task<VectorAlias> AliasAsync(string name, string alias, CancellationToken cancellation) =>
        (await client.GetAsync(Of($"{Root}/{name}/aliases/{alias}"), WireJson.Default.VectorAlias, cancellation)).Value;

    /// <summary>Points an alias at a version.</summary>
    /// <param name="version">A number, or another alias.</param>
    /// <param name="ifRevision">Refused (409) unless the alias is at this revision; null: whatever it is at.</param>
    public Task<Document<VectorAlias>> PromoteAsync(string name, string version, string alias, int? ifRevision, CancellationToken cancellation) =>
        MoveAsync($"{Root}/{name}:promote", new AliasMove(VectorReference.Number(version) is { } number ? number : (JsonNode)version, alias), ifRevision, cancellation);

    /// <summary>Points an alias at what it pointed at before its last change.</summary>
    public Task<Document<VectorAlias>> RollBackAsync(string name, string alias, CancellationToken cancellation) =>
        MoveAsync($"{Root}/{name}:rollback", new AliasMove(null, alias), ifRevision: null, cancellation);

    /// <summary>Ends the serving of a version, or of all of them with their aliases.</summary>
    public async Task<Document<ArchivedVector>> ArchiveAsync(string name, int? version, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Of(version is { } number ? VersionPath(name, number) : $"{Root}/{name}"));
        return await client.AskAsync(request, WireJson.Default.ArchivedVector, cancellation);
    }

    /// <param name="format">Null: safetensors.</param>
    public Task<Download> DownloadAsync(VectorReference reference, string? format, CancellationToken cancellation) =>
        client.DownloadAsync(Of($"{Root}/{reference}/download{(format is null ? "" : $"?format={format}")}"), cancellation);

    private async Task<Document<VectorAlias>> MoveAsync(string path, AliasMove move, int? ifRevision, CancellationToken cancellation)
    {
        using var request = SteeringClient.Post(Of(path), move, WireJson.Default.AliasMove);
        if (ifRevision is { } revision) request.Headers.IfMatch.Add(new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"")));
        return await client.AskAsync(request, WireJson.Default.VectorAlias, cancellation);
    }

    private async Task<Document<T>> UploadAsync<T>(
        string path, VectorUpload upload, string? idempotencyKey, Action<long> sent, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        string json;
        try
        {
            json = await SendAsync();
        }
        catch (ConnectionException problem) when (!problem.IsUnreachable)
        {
            json = await SendAsync();
        }
        return new Document<T>(client.Parse(json, type), json);

        async Task<string> SendAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Of(path)) { Content = upload.ToForm(sent) };
            if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
            // A server that refuses (no key, too large) then says so before it is sent everything.
            request.Headers.ExpectContinue = upload.File.Length >= LargeFile;
            return await client.TextAsync(request, cancellation);
        }
    }

    private string Of(string path) => model is null ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}model={Uri.EscapeDataString(model)}";

    private static string VersionPath(string name, int version) => string.Create(CultureInfo.InvariantCulture, $"{Root}/{name}/versions/{version}");
}
