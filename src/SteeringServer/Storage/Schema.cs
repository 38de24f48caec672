using System.Globalization;
using Microsoft.Data.Sqlite;

namespace SteeringServer.Storage;

/// <summary>The tables, and the steps from each version of them to the next. Times are Unix milliseconds.</summary>
internal static class Schema
{
    // A step is never changed once it has been released; the database's user_version counts those it has been through.
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE vector_version (
            model TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
            sha256 TEXT NOT NULL,       -- of what it does: tensors, unit, norms (VectorHash)
            created INTEGER NOT NULL,
            origin TEXT NOT NULL,       -- shipped | upload
            archived INTEGER,           -- when; NULL while it is served
            file BLOB NOT NULL,         -- safetensors
            report TEXT NOT NULL,       -- JSON: what the importer found
            PRIMARY KEY (model, name, version),
            UNIQUE (model, name, sha256)
        ) STRICT;
        CREATE TABLE alias_change (     -- the newest change of an alias is where it points
            model TEXT NOT NULL, name TEXT NOT NULL, alias TEXT NOT NULL,
            revision INTEGER NOT NULL,  -- counts from 1, on through removal and return
            version INTEGER,            -- NULL: removed
            is_rollback INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            PRIMARY KEY (model, name, alias, revision),
            FOREIGN KEY (model, name, version) REFERENCES vector_version (model, name, version)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE seeded (
            model TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
            PRIMARY KEY (model, name, sha256)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE idempotency (
            model TEXT NOT NULL, key TEXT NOT NULL,
            request TEXT NOT NULL,      -- SHA-256 of what was asked for
            name TEXT NOT NULL, version INTEGER NOT NULL,
            existing INTEGER NOT NULL,  -- whether the content was there already
            created INTEGER NOT NULL,
            PRIMARY KEY (model, key)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE dataset (
            name TEXT PRIMARY KEY,
            format TEXT NOT NULL,       -- jsonl | csv
            sha256 TEXT NOT NULL,
            row_count INTEGER NOT NULL,
            columns TEXT NOT NULL,      -- JSON: names
            created INTEGER NOT NULL,
            content TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE operation (
            id TEXT PRIMARY KEY,        -- in the order of their creation
            request TEXT NOT NULL,      -- JSON: what was asked for, without the data
            format TEXT NOT NULL,       -- of the data
            content TEXT NOT NULL,      -- the data, whatever becomes of the dataset they came from; empty when it is done
            metadata BLOB NOT NULL,     -- steering.v1.ExtractionMetadata
            error BLOB,                 -- google.rpc.Status
            response BLOB               -- steering.v1.ExtractionResult
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE checkpoint (
            operation TEXT NOT NULL, key TEXT NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (operation, key),
            FOREIGN KEY (operation) REFERENCES operation (id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        """,
    ];

    /// <exception cref="IOException">A newer program has written the database.</exception>
    public static void Migrate(SqliteConnection connection, string path)
    {
        int version = (int)connection.Rows("PRAGMA user_version", row => row.GetInt64(0))[0];
        if (version > Steps.Length)
            throw new IOException($"{path} was written by a newer version of this server (its tables are of version {version}, this program knows {Steps.Length}). Run that version, or choose another folder with --data <folder>.");
        for (; version < Steps.Length; version++)
        {
            using var transaction = connection.BeginTransaction();
            connection.Run(Steps[version]);
            connection.Run(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version + 1}"));
            transaction.Commit();
        }
    }
}
