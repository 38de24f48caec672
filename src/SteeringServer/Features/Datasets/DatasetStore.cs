using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using SteeringServer.Errors;
using SteeringServer.Features.Vectors;
using SteeringServer.Hosting;
using SteeringServer.Requests;
using SteeringServer.Storage;

namespace SteeringServer.Features.Datasets;

/// <summary>A dataset that somebody wants kept.</summary>
/// <param name="Format">Null: recognised.</param>
internal sealed record DatasetUpload(string? Name, string? Format, string? Text);

/// <summary>Keeps datasets under names; one never changes. Any thread.</summary>
internal sealed class DatasetStore(Serving serving, TimeProvider clock)
{
    private const int MostDatasets = 1000;

    public List<StoredDataset> All() => serving.Database.Read(DatasetRows.All);

    /// <exception cref="ApiException">404.</exception>
    public StoredDataset Require(string name) => serving.Database.Read(database => DatasetRows.Find(database, name)) ?? throw NotFound(name);

    /// <summary>A dataset and its text.</summary>
    /// <exception cref="ApiException">404.</exception>
    public (StoredDataset Dataset, string Text) Read(string name) => serving.Database.Read(database =>
        DatasetRows.Find(database, name) is { } dataset ? (dataset, DatasetRows.Content(database, name)) : throw NotFound(name));

    /// <summary>Keeps a dataset.</summary>
    /// <returns>It, and whether it was there already.</returns>
    /// <exception cref="ApiException">400 with every malformed line; 409 where the name has another content.</exception>
    public (StoredDataset Dataset, bool Existing) Create(DatasetUpload upload, FieldProblems problems)
    {
        if (upload.Name is null) problems.Add("name", $"is missing; name the dataset with {VectorReference.NameRule}");
        else if (!VectorReference.IsName(upload.Name)) problems.Add("name", $"found {Found.Quote(upload.Name)}; expected {VectorReference.NameRule}");
        if (upload.Format is { } named && !DatasetReader.Formats.Contains(named)) problems.Add("format", $"found {Found.Quote(named)}; expected {string.Join(" or ", DatasetReader.Formats)}");
        if (upload.Text is null) problems.Add("text", "is missing; send the rows as JSON lines or CSV");
        problems.ThrowIfAny();
        string text = upload.Text!, format = upload.Format ?? DatasetReader.Recognise(text);
        var rows = DatasetReader.Read(text, format, "text", problems);
        problems.ThrowIfAny();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var dataset = new StoredDataset(upload.Name!, format, Convert.ToHexStringLower(SHA256.HashData(bytes)), rows.Count, DatasetReader.ColumnsOf(rows), DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds()), bytes.Length);
        return serving.Database.Write(database =>
        {
            if (DatasetRows.Find(database, dataset.Name) is { } known)
            {
                if (known.Sha256 == dataset.Sha256 && known.Format == dataset.Format) return (known, true);
                throw new ApiException(ApiError.Conflict($"There is a dataset {Found.Quote(dataset.Name)} with another content, and a dataset never changes. Choose another name, or delete it first with DELETE /v1/datasets/{dataset.Name}.", "name", ErrorCode.DatasetExists));
            }
            if (DatasetRows.All(database).Count >= MostDatasets)
                throw new ApiException(new ApiError(StatusCodes.Status507InsufficientStorage, ErrorType.Server, $"There are {MostDatasets} datasets, as many as this server keeps. Delete some.", null, ErrorCode.StorageFull));
            DatasetRows.Insert(database, dataset, text);
            return (dataset, false);
        }, _ => { });
    }

    /// <summary>Forgets a dataset; operations keep the rows they began with.</summary>
    /// <exception cref="ApiException">404.</exception>
    public void Delete(string name) => serving.Database.Write(database =>
    {
        if (DatasetRows.Find(database, name) is null) throw NotFound(name, database);
        DatasetRows.Delete(database, name);
    });

    private ApiException NotFound(string name) => NotFound(name, null);

    private ApiException NotFound(string name, Microsoft.Data.Sqlite.SqliteConnection? database)
    {
        ImmutableArray<string> names = [.. (database is null ? All() : DatasetRows.All(database)).Select(dataset => dataset.Name)];
        return new ApiException(ApiError.NotFound($"There is no dataset {Found.Quote(name)}{Nearest.Hint(name, names)}. GET /v1/datasets lists those there are; POST /v1/datasets keeps one.", "dataset", ErrorCode.DatasetNotFound));
    }
}
