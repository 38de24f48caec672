using Microsoft.Data.Sqlite;

namespace SteeringServer.Storage;

/// <summary>An operation as it is stored, without what it works on.</summary>
internal sealed record StoredOperation(string Id, byte[] Metadata, byte[]? Error, byte[]? Response);

/// <summary>The rows of operations and their checkpoints: SQL and nothing else. Used inside <see cref="SqliteDatabase"/>'s reads and writes.</summary>
internal static class OperationRows
{
    public static List<StoredOperation> All(SqliteConnection database) => database.Rows("SELECT id, metadata, error, response FROM operation ORDER BY id",
        row => new StoredOperation(row.GetString(0), row.GetFieldValue<byte[]>(1), Blob(row, 2), Blob(row, 3)));

    /// <summary>What was asked for, and the data with their format.</summary>
    public static (string Request, string Format, string Content) Request(SqliteConnection database, string id) =>
        database.Rows("SELECT request, format, content FROM operation WHERE id = $id", row => (row.GetString(0), row.GetString(1), row.GetString(2)), ("$id", id))[0];

    public static void Insert(SqliteConnection database, StoredOperation operation, string request, string format, string content) => database.Run(
        "INSERT INTO operation (id, request, format, content, metadata, error, response) VALUES ($id, $request, $format, $content, $metadata, $error, $response)", ("$id", operation.Id), ("$request", request),
        ("$format", format), ("$content", content), ("$metadata", operation.Metadata), ("$error", operation.Error), ("$response", operation.Response));

    public static void Update(SqliteConnection database, StoredOperation operation) => database.Run("UPDATE operation SET metadata = $metadata, error = $error, response = $response WHERE id = $id",
        ("$id", operation.Id), ("$metadata", operation.Metadata), ("$error", operation.Error), ("$response", operation.Response));

    /// <summary>Lets go of what only a running operation needs.</summary>
    public static void Finish(SqliteConnection database, string id)
    {
        database.Run("DELETE FROM checkpoint WHERE operation = $id", ("$id", id));
        database.Run("UPDATE operation SET content = '' WHERE id = $id", ("$id", id));
    }

    public static void Delete(SqliteConnection database, string id) => database.Run("DELETE FROM operation WHERE id = $id", ("$id", id));

    public static int Checkpoints(SqliteConnection database, string id) => (int)database.Rows("SELECT count(*) FROM checkpoint WHERE operation = $id", row => row.GetInt64(0), ("$id", id))[0];

    public static byte[]? Checkpoint(SqliteConnection database, string id, string key) =>
        database.Rows("SELECT content FROM checkpoint WHERE operation = $id AND key = $key", row => row.GetFieldValue<byte[]>(0), ("$id", id), ("$key", key)).FirstOrDefault();

    public static void Keep(SqliteConnection database, string id, string key, byte[] content) =>
        database.Run("INSERT OR REPLACE INTO checkpoint (operation, key, content) VALUES ($id, $key, $content)", ("$id", id), ("$key", key), ("$content", content));

    private static byte[]? Blob(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);
}
