using Microsoft.Data.Sqlite;

namespace SteeringServer.Storage;

/// <summary>SQL with its values beside it: <c>connection.Run("DELETE FROM t WHERE a = $a", ("$a", a))</c>. Values are always parameters.</summary>
internal static class SqliteCommands
{
    /// <summary>Runs a statement.</summary>
    public static void Run(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Create(connection, sql, values);
        command.ExecuteNonQuery();
    }

    /// <summary>Every row of a query.</summary>
    public static List<T> Rows<T>(this SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Create(connection, sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    /// <summary>A nullable whole number of a row.</summary>
    public static long? NullableInt64(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static SqliteCommand Create(SqliteConnection connection, string sql, ReadOnlySpan<(string Name, object? Value)> values)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Callers pass constants; what varies is in the parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
