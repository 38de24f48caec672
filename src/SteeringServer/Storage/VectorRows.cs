using Microsoft.Data.Sqlite;

namespace SteeringServer.Storage;

/// <summary>A version of a vector as it is stored, without its file.</summary>
/// <param name="Origin"><c>shipped</c> or <c>upload</c>.</param>
/// <param name="Archived">When; null while it is served.</param>
internal sealed record StoredVersion(string Name, int Version, string Sha256, DateTimeOffset Created, string Origin, DateTimeOffset? Archived);

/// <summary>One change of an alias.</summary>
/// <param name="Revision">Counts from 1 for each alias, on through removal and return.</param>
/// <param name="Version">What it pointed at from then on; null: removed.</param>
internal sealed record AliasChange(string Name, string Alias, int Revision, int? Version, bool IsRollback, DateTimeOffset Changed);

/// <summary>What an idempotency key was first used for.</summary>
internal sealed record KeptRequest(string RequestSha256, string Name, int Version, bool Existing);

/// <summary>The rows of one model's vectors: SQL and nothing else. Used inside <see cref="SqliteDatabase"/>'s reads and writes.</summary>
internal sealed class VectorRows(string model)
{
    private (string, object?) Model => ("$model", model);

    public List<StoredVersion> Versions(SqliteConnection database) => database.Rows(
        "SELECT name, version, sha256, created, origin, archived FROM vector_version WHERE model = $model ORDER BY name, version", ReadVersion, Model);

    /// <summary>The newest change of every alias that exists.</summary>
    public List<AliasChange> Aliases(SqliteConnection database) => database.Rows("""
        SELECT name, alias, revision, version, is_rollback, changed FROM alias_change c WHERE model = $model AND version IS NOT NULL
        AND revision = (SELECT max(revision) FROM alias_change l WHERE l.model = c.model AND l.name = c.name AND l.alias = c.alias)
        """, ReadChange, Model);

    /// <summary>Everything an alias ever was, oldest first; empty where it never existed.</summary>
    public List<AliasChange> History(SqliteConnection database, string name, string alias) => database.Rows(
        "SELECT name, alias, revision, version, is_rollback, changed FROM alias_change WHERE model = $model AND name = $name AND alias = $alias ORDER BY revision",
        ReadChange, Model, ("$name", name), ("$alias", alias));

    public byte[] File(SqliteConnection database, string name, int version) => Column<byte[]>(database, "file", name, version);

    public string Report(SqliteConnection database, string name, int version) => Column<string>(database, "report", name, version);

    public void Insert(SqliteConnection database, StoredVersion row, byte[] file, string report) => database.Run("""
        INSERT INTO vector_version (model, name, version, sha256, created, origin, archived, file, report)
        VALUES ($model, $name, $version, $sha256, $created, $origin, NULL, $file, $report)
        """, Model, ("$name", row.Name), ("$version", row.Version), ("$sha256", row.Sha256), ("$created", row.Created.ToUnixTimeMilliseconds()), ("$origin", row.Origin), ("$file", file), ("$report", report));

    public void SetFile(SqliteConnection database, string name, int version, byte[] file) => database.Run(
        "UPDATE vector_version SET file = $file WHERE model = $model AND name = $name AND version = $version", Model, ("$name", name), ("$version", version), ("$file", file));

    /// <param name="when">Null brings it back.</param>
    public void SetArchived(SqliteConnection database, string name, int version, DateTimeOffset? when) => database.Run(
        "UPDATE vector_version SET archived = $when WHERE model = $model AND name = $name AND version = $version",
        Model, ("$name", name), ("$version", version), ("$when", when?.ToUnixTimeMilliseconds()));

    public void Insert(SqliteConnection database, AliasChange change) => database.Run(
        "INSERT INTO alias_change (model, name, alias, revision, version, is_rollback, changed) VALUES ($model, $name, $alias, $revision, $version, $rollback, $changed)", Model, ("$name", change.Name),
        ("$alias", change.Alias), ("$revision", change.Revision), ("$version", change.Version), ("$rollback", change.IsRollback), ("$changed", change.Changed.ToUnixTimeMilliseconds()));

    public bool IsSeeded(SqliteConnection database, string name, string sha256) => database.Rows(
        "SELECT 1 FROM seeded WHERE model = $model AND name = $name AND sha256 = $sha256", row => row.GetInt64(0), Model, ("$name", name), ("$sha256", sha256)).Count > 0;

    public void MarkSeeded(SqliteConnection database, string name, string sha256) =>
        database.Run("INSERT INTO seeded (model, name, sha256) VALUES ($model, $name, $sha256)", Model, ("$name", name), ("$sha256", sha256));

    public KeptRequest? Kept(SqliteConnection database, string key) => database.Rows("SELECT request, name, version, existing FROM idempotency WHERE key = $key AND model = $model",
        row => new KeptRequest(row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetBoolean(3)), Model, ("$key", key)).FirstOrDefault();

    /// <summary>Keeps what a key was used for, and forgets keys from before <paramref name="oldest"/>.</summary>
    public void Keep(SqliteConnection database, string key, KeptRequest kept, DateTimeOffset now, DateTimeOffset oldest)
    {
        database.Run("DELETE FROM idempotency WHERE created < $oldest", ("$oldest", oldest.ToUnixTimeMilliseconds()));
        database.Run("INSERT INTO idempotency (key, request, model, name, version, existing, created) VALUES ($key, $request, $model, $name, $version, $existing, $created)", Model, ("$key", key),
            ("$request", kept.RequestSha256), ("$name", kept.Name), ("$version", kept.Version), ("$existing", kept.Existing), ("$created", now.ToUnixTimeMilliseconds()));
    }

    private T Column<T>(SqliteConnection database, string column, string name, int version) => database.Rows(
        $"SELECT {column} FROM vector_version WHERE model = $model AND name = $name AND version = $version", row => row.GetFieldValue<T>(0), Model, ("$name", name), ("$version", version))[0];

    private static StoredVersion ReadVersion(SqliteDataReader row) => new(row.GetString(0), row.GetInt32(1), row.GetString(2), Time(row.GetInt64(3)), row.GetString(4),
        row.NullableInt64(5) is { } archived ? Time(archived) : null);

    private static AliasChange ReadChange(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), row.GetInt32(2), (int?)row.NullableInt64(3), row.GetBoolean(4), Time(row.GetInt64(5)));

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
