using Microsoft.Data.Sqlite;

namespace SteeringServer.Storage;

/// <summary>
/// The server's one SQLite file. One connection behind one lock: writes are rare and small, and reads for requests come from snapshots in memory. A commit is on disk
/// when it returns (WAL with synchronous=FULL, docs/decisions.md 32), so whatever was answered survives a kill at any later moment.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    private const string FileName = "steering.db", LockName = "steering.lock";

    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;
    private readonly FileStream _owner;

    private SqliteDatabase(SqliteConnection connection, FileStream owner) => (_connection, _owner) = (connection, owner);

    /// <summary>Opens or creates the database of a folder.</summary>
    /// <exception cref="IOException">The folder cannot be written, another server has it, or its database is damaged or newer than this program; the message says what to do.</exception>
    public static SqliteDatabase Open(string folder)
    {
        var owner = Claim(folder);
        SqliteConnection? connection = null;
        string path = Path.Combine(folder, FileName);
        try
        {
            connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            connection.Open();
            connection.Run("PRAGMA journal_mode = WAL");
            connection.Run("PRAGMA synchronous = FULL");
            connection.Run("PRAGMA foreign_keys = ON");
            Schema.Migrate(connection, path);
            return new SqliteDatabase(connection, owner);
        }
        catch (Exception failure)
        {
            connection?.Dispose();
            owner.Dispose();
            if (failure is SqliteException broken)
                throw new IOException($"{path}: the database cannot be used: {broken.Message}. Restore it from a backup, or move it away to start with the shipped vectors only.", broken);
            throw;
        }
    }

    /// <summary>Runs queries that see one state of the database.</summary>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        lock (_lock) return read(_connection);
    }

    /// <summary>Runs a transaction.</summary>
    public void Write(Action<SqliteConnection> write) => Write(database =>
    {
        write(database);
        return true;
    }, _ => { });

    /// <summary>Runs a transaction: all of it is on disk when this returns, or nothing of it where it throws. <paramref name="committed"/> runs after it, before the next one can begin.</summary>
    public T Write<T>(Func<SqliteConnection, T> write, Action<SqliteConnection> committed)
    {
        lock (_lock)
        {
            using var transaction = _connection.BeginTransaction();
            T result = write(_connection);
            transaction.Commit();
            committed(_connection);
            return result;
        }
    }

    public void Dispose()
    {
        lock (_lock) _connection.Dispose();
        _owner.Dispose();
    }

    // Snapshots in memory are only right while nobody else writes, so a folder belongs to one process; the system frees the lock when that process dies.
    private static FileStream Claim(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            bool isTaken = refused is IOException && File.Exists(Path.Combine(folder, LockName));
            throw new IOException(isTaken
                ? $"The data folder {folder} is in use by another server. Stop it, or choose another folder with --data <folder>."
                : $"The data folder {folder} cannot be written ({refused.Message}). Choose another with --data <folder>.", refused);
        }
    }
}
