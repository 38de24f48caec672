using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;
using SteeringServer.Storage;

namespace SteeringServer.Features.Vectors;

/// <summary>Makes catalogs of database rows. Vectors that are served stay parsed from one snapshot to the next. Used under the database's lock only.</summary>
internal sealed class CatalogReader(VectorRows rows, ILogger log)
{
    private readonly Dictionary<(string Name, int Version), SteeringVector> _served = [];
    private readonly HashSet<(string Name, int Version)> _corrupt = []; // said once, not at every snapshot

    /// <summary>What can be served now, as a snapshot.</summary>
    public VectorCatalog Read(SqliteConnection database)
    {
        var versions = rows.Versions(database);
        foreach (var gone in versions.Where(row => row.Archived is not null)) _served.Remove((gone.Name, gone.Version));
        return new VectorCatalog(Entries(database, versions.Where(row => row.Archived is null), keeps: true), [.. versions.Where(row => row.Archived is not null).Select(row => (row.Name, row.Version))]);
    }

    /// <summary>Versions of any state.</summary>
    public ImmutableArray<CatalogEntry> ReadAll(SqliteConnection database, Predicate<StoredVersion> wanted) => [.. Entries(database, rows.Versions(database).FindAll(wanted), keeps: false)];

    /// <summary>Whether the bytes of a version are what was registered.</summary>
    public bool IsWhole(SqliteConnection database, StoredVersion row) => Vector(database, row, keeps: false) is not null;

    private List<CatalogEntry> Entries(SqliteConnection database, IEnumerable<StoredVersion> versions, bool keeps)
    {
        var aliases = rows.Aliases(database).ToLookup(alias => (alias.Name, alias.Version ?? 0), alias => alias.Alias);
        var entries = new List<CatalogEntry>();
        foreach (var row in versions)
        {
            if (Vector(database, row, keeps) is not { } vector) continue;
            entries.Add(new CatalogEntry(vector, [.. aliases[(row.Name, row.Version)].Order(StringComparer.Ordinal)]) { Origin = row.Origin, Created = row.Created, Archived = row.Archived });
        }
        return entries;
    }

    // A version is its content: bytes that give another hash than the one that was registered are not it, whatever happened to the disk.
    private SteeringVector? Vector(SqliteConnection database, StoredVersion row, bool keeps)
    {
        if (_served.TryGetValue((row.Name, row.Version), out var known)) return known;
        string name = $"{row.Name}@{row.Version}";
        try
        {
            var vector = VectorFile.Parse(rows.File(database, row.Name, row.Version), name, row.Name, row.Version);
            if (vector.Sha256 != row.Sha256) throw new ModelFormatException(name, "sha256", $"is {vector.Sha256}, but {row.Sha256} was registered");
            if (keeps) _served[(row.Name, row.Version)] = vector;
            _corrupt.Remove((row.Name, row.Version));
            return vector;
        }
        catch (ModelFormatException broken)
        {
            if (_corrupt.Add((row.Name, row.Version))) VectorLog.Corrupt(log, broken.Message);
            return null;
        }
    }
}
