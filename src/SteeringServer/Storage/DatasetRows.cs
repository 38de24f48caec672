using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace SteeringServer.Storage;

/// <summary>A dataset as it is stored, without its text.</summary>
/// <param name="Format"><c>jsonl</c> or <c>csv</c>.</param>
/// <param name="Bytes">Length of its text as UTF-8.</param>
internal sealed record StoredDataset(string Name, string Format, string Sha256, int Rows, ImmutableArray<string> Columns, DateTimeOffset Created, int Bytes);

/// <summary>The rows of datasets: SQL and nothing else. Used inside <see cref="SqliteDatabase"/>'s reads and writes.</summary>
internal static class DatasetRows
{
    private const string Columns = "name, format, sha256, row_count, columns, created, length(CAST(content AS BLOB))";

    public static List<StoredDataset> All(SqliteConnection database) => database.Rows($"SELECT {Columns} FROM dataset ORDER BY name", Read);

    public static StoredDataset? Find(SqliteConnection database, string name) => database.Rows($"SELECT {Columns} FROM dataset WHERE name = $name", Read, ("$name", name)).FirstOrDefault();

    public static string Content(SqliteConnection database, string name) => database.Rows("SELECT content FROM dataset WHERE name = $name", row => row.GetString(0), ("$name", name))[0];

    public static void Insert(SqliteConnection database, StoredDataset dataset, string content) => database.Run(
        "INSERT INTO dataset (name, format, sha256, row_count, columns, created, content) VALUES ($name, $format, $sha256, $rows, $columns, $created, $content)", ("$name", dataset.Name), ("$format", dataset.Format),
        ("$sha256", dataset.Sha256), ("$rows", dataset.Rows), ("$columns", JsonSerializer.Serialize(dataset.Columns)), ("$created", dataset.Created.ToUnixTimeMilliseconds()), ("$content", content));

    public static void Delete(SqliteConnection database, string name) => database.Run("DELETE FROM dataset WHERE name = $name", ("$name", name));

    private static StoredDataset Read(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), [.. JsonSerializer.Deserialize<string[]>(row.GetString(4))!],
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)), row.GetInt32(6));
}
