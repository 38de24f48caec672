using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SteeringServer.Errors;
using SteeringServer.Requests;
using SteeringServer.Storage;

namespace SteeringServer.Features.Vectors;

/// <summary>Points names at versions: set, promote, roll back, remove, each by compare-and-set where the caller says what it saw.</summary>
internal sealed class VectorAliases(VectorRegistry registry, SqliteDatabase database, VectorRows rows, TimeProvider clock, ILogger log)
{
    /// <exception cref="ApiException">404.</exception>
    public AliasState Require(string name, string alias) => database.Read(connection => AliasState.Of(rows.History(connection, name, alias))) ?? throw Missing(name, alias);

    /// <summary>Every alias of a name.</summary>
    /// <exception cref="ApiException">404 for a name without a served version.</exception>
    public ImmutableArray<AliasState> List(string name)
    {
        if (registry.Catalog.VersionsOf(name).IsEmpty) throw registry.NotFound(name);
        return database.Read(connection => rows.Aliases(connection).Where(alias => alias.Name == name).Select(alias => AliasState.Of(rows.History(connection, name, alias.Alias))!).ToImmutableArray());
    }

    /// <summary>Points an alias, new or not, at a version.</summary>
    /// <exception cref="ApiException">404 for the vector or version, 409 where the condition does not hold.</exception>
    public AliasState Set(string name, string alias, int version, AliasCondition condition) => Logged(registry.Write(connection =>
    {
        RequireServed(name, version);
        Check(AliasState.Of(rows.History(connection, name, alias)), name, alias, condition);
        Point(connection, rows, name, alias, version, clock.GetUtcNow());
        return AliasState.Of(rows.History(connection, name, alias))!;
    }));

    /// <summary>Points an alias at what a version number or another alias means.</summary>
    /// <exception cref="ApiException">404 or 409.</exception>
    public AliasState Promote(string name, string selector, string alias, AliasCondition condition) =>
        registry.Catalog.TryResolve(new VectorReference(name, selector), out var entry, out string missing) ? Set(name, alias, entry.Vector.Version, condition)
        : throw new ApiException(ApiError.NotFound(missing, "version", ErrorCode.VectorNotFound));

    /// <summary>Takes the last change back; a second rollback takes back the one before.</summary>
    /// <exception cref="ApiException">404; 409 where there is nothing to go back to, it is archived, or the condition does not hold.</exception>
    public AliasState Rollback(string name, string alias, AliasCondition condition) => Logged(registry.Write(connection =>
    {
        var state = AliasState.Of(rows.History(connection, name, alias)) ?? throw Missing(name, alias);
        Check(state, name, alias, condition);
        if (state.Previous is not { } previous)
            throw Conflict($"The alias {Found.Quote(alias)} of {Found.Quote(name)} has pointed at version {state.Version} only; there is nothing to roll back to.", ErrorCode.NothingToRollBack);
        if (registry.Catalog.Find(name, previous) is null)
            throw Conflict($"Version {previous} of {Found.Quote(name)}, which the alias {Found.Quote(alias)} pointed at before, is archived. Register it again to bring it back, or promote another version.", ErrorCode.NothingToRollBack);
        rows.Insert(connection, new AliasChange(name, alias, state.Revision + 1, previous, IsRollback: true, clock.GetUtcNow()));
        return AliasState.Of(rows.History(connection, name, alias))!;
    }));

    /// <exception cref="ApiException">404, or 409 where the condition does not hold.</exception>
    public void Remove(string name, string alias, AliasCondition condition)
    {
        registry.Write(connection => Remove(connection, name, alias, condition));
        VectorLog.Removed(log, alias, name);
    }

    private int Remove(SqliteConnection connection, string name, string alias, AliasCondition condition)
    {
        var state = AliasState.Of(rows.History(connection, name, alias)) ?? throw Missing(name, alias);
        Check(state, name, alias, condition);
        rows.Insert(connection, new AliasChange(name, alias, state.Revision + 1, null, IsRollback: false, clock.GetUtcNow()));
        return state.Revision + 1;
    }

    /// <summary>Points an alias at a version within a transaction; nothing happens where it does already.</summary>
    public static void Point(SqliteConnection connection, VectorRows rows, string name, string alias, int version, DateTimeOffset now)
    {
        var history = rows.History(connection, name, alias);
        if (AliasState.Of(history)?.Version == version) return;
        rows.Insert(connection, new AliasChange(name, alias, history.Count + 1, version, IsRollback: false, now));
    }

    /// <summary>Reports a text that cannot be an alias: a name, and no number, since a number means a version.</summary>
    public static bool CheckName(string text, string path, FieldProblems problems)
    {
        if (VectorReference.IsName(text) && !text.All(char.IsAsciiDigit)) return true;
        problems.Add(path, $"found {Found.Quote(text)}; expected {VectorReference.NameRule}, and not a number alone, which means a version");
        return false;
    }

    private AliasState Logged(AliasState state)
    {
        VectorLog.Pointed(log, state.Alias, state.Vector, state.Version, state.Revision);
        return state;
    }

    private void RequireServed(string name, int version)
    {
        if (registry.Catalog.Find(name, version) is not null) return;
        if (registry.Catalog.IsArchived(name, version))
            throw Conflict($"Version {version} of {Found.Quote(name)} is archived; register its content again to bring it back.", ErrorCode.VersionArchived);
        throw registry.NotFound(name, registry.Catalog.VersionsOf(name).IsEmpty ? null : version);
    }

    private static void Check(AliasState? state, string name, string alias, AliasCondition condition)
    {
        if (condition.MustBeNew && state is not null)
            throw Conflict($"The alias {Found.Quote(alias)} of {Found.Quote(name)} exists already: it points at version {state.Version} (revision {state.Revision}).", ErrorCode.AliasChanged);
        if (condition.Revision is { } seen && seen != state?.Revision)
            throw Conflict(state is null ? $"The alias {Found.Quote(alias)} of {Found.Quote(name)} does not exist any more; revision {seen} was expected."
                : $"The alias {Found.Quote(alias)} of {Found.Quote(name)} has changed: it is at revision {state.Revision} and points at version {state.Version}; revision {seen} was expected. Read it again and decide anew.", ErrorCode.AliasChanged);
    }

    private ApiException Missing(string name, string alias)
    {
        if (registry.Catalog.VersionsOf(name).IsEmpty) return registry.NotFound(name);
        string known = string.Join(", ", registry.Catalog.VersionsOf(name).SelectMany(entry => entry.Aliases));
        return new ApiException(ApiError.NotFound($"Vector {Found.Quote(name)} has no alias {Found.Quote(alias)}{(known.Length > 0 ? $"; it has {known}" : "")}.", "alias", ErrorCode.AliasNotFound));
    }

    private static ApiException Conflict(string message, string code) => new(ApiError.Conflict(message, "alias", code));
}
