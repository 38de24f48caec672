using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;
using SteeringServer.Errors;
using SteeringServer.Requests;
using SteeringServer.Storage;

namespace SteeringServer.Features.Vectors;

/// <summary>
/// The vectors of one model: immutable versions in the database, a snapshot of them in memory. Every verb is one transaction; the snapshot that
/// requests see changes after it is on disk. Any thread.
/// </summary>
internal sealed class VectorRegistry
{
    private static readonly TimeSpan KeysAreKept = TimeSpan.FromDays(7);

    private readonly SqliteDatabase _database;
    private readonly VectorRows _rows;
    private volatile VectorIntake _intake;
    private readonly CatalogReader _reader;
    private readonly long _mostBytes;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private volatile VectorCatalog _catalog;

    /// <param name="mostBytes">What the tensors of all served vectors may take in memory.</param>
    public VectorRegistry(SqliteDatabase database, string model, SiteTable sites, long mostBytes, TimeProvider clock, ILogger log)
    {
        (_database, _rows, _mostBytes, _clock, _log) = (database, new VectorRows(model), mostBytes, clock, log);
        _intake = new VectorIntake(sites);
        _reader = new CatalogReader(_rows, log);
        _catalog = database.Read(_reader.Read);
        Aliases = new VectorAliases(this, database, _rows, clock, log);
    }

    /// <summary>The verbs of aliases.</summary>
    public VectorAliases Aliases { get; }

    /// <summary>What requests can name at this moment.</summary>
    public VectorCatalog Catalog => _catalog;

    /// <summary>Checks vectors against the sites of a model that was loaded again.</summary>
    public void Serve(SiteTable sites) => _intake = new VectorIntake(sites);

    /// <summary>Takes in the vectors shipped beside a model, each content once: what an operator archived stays archived over a restart.</summary>
    public void Seed(string? folder)
    {
        var fresh = VectorFolder.Read(folder, reason => VectorLog.Skipped(_log, reason)).Where(vector => !_database.Read(database => _rows.IsSeeded(database, vector.Name, vector.Sha256))).Where(Fits).ToList();
        if (fresh.Count == 0) return;
        foreach (var (name, version) in Write(database => fresh.ConvertAll(vector => Seed(database, vector))))
            if (version > 1) VectorLog.ShippedChanged(_log, name, version);
    }

    /// <summary>Everything that registering would check and say, without storing anything.</summary>
    public RegistrationPreview Validate(VectorUpload upload)
    {
        var (vector, report) = _intake.Read(upload);
        if (vector is null || !report.IsValid) return new RegistrationPreview(upload.Name ?? "", report, null, false);
        var versions = _database.Read(_rows.Versions);
        var existing = versions.Find(row => row.Name == vector.Name && row.Sha256 == vector.Sha256);
        return new RegistrationPreview(vector.Name, report, existing?.Version ?? NextVersion(versions, vector.Name), existing is not null);
    }

    /// <summary>Registers a vector; when this returns it is on disk and can be used.</summary>
    /// <param name="idempotencyKey">A repeated request with the same key gets the first one's version; null: none.</param>
    /// <exception cref="ApiException">400 with every problem of the upload; 422 where the key was used for another upload; 507 where memory for vectors is full.</exception>
    public Registration Register(VectorUpload upload, string? idempotencyKey)
    {
        string digest = idempotencyKey is null ? "" : upload.Digest();
        if (idempotencyKey is not null && _database.Read(database => _rows.Kept(database, idempotencyKey)) is { } before) return Replay(before, digest);
        var (vector, report) = _intake.Read(upload);
        if (vector is null || !report.IsValid) throw new ApiException(FieldProblems.ToError(report.Problems));
        (int Version, bool Existing, bool IsReplay) placed = Write(database =>
        {
            // Looked up again under the lock: two requests with one key can race to here.
            if (idempotencyKey is not null && _rows.Kept(database, idempotencyKey) is { } racer)
            {
                RequireSame(racer, digest);
                return (racer.Version, racer.Existing, true);
            }
            RequireRoom(vector);
            var (version, existing) = Place(database, vector, CatalogEntry.Uploaded, report, upload.Aliases);
            if (idempotencyKey is not null) _rows.Keep(database, idempotencyKey, new KeptRequest(digest, vector.Name, version, existing), _clock.GetUtcNow(), _clock.GetUtcNow() - KeysAreKept);
            return (version, existing, false);
        });
        if (!placed.IsReplay) VectorLog.Registered(_log, vector.Name, placed.Version, placed.Existing ? "known" : "new", vector.Sha256, report.Format, report.Convention);
        return new Registration(Require(vector.Name, placed.Version), report, placed.Existing, placed.IsReplay);
    }

    /// <summary>The version that a reference means: a served one, or any by its number, so that what was archived can still be read and saved.</summary>
    /// <exception cref="ApiException">400 where the text is no reference, 404 where it points at nothing.</exception>
    public CatalogEntry Find(string text)
    {
        if (!VectorReference.TryParse(text, out var reference, out string malformed)) throw new ApiException(ApiError.Invalid(malformed, "reference", ErrorCode.InvalidValue));
        if (reference.Version is { } version) return Require(reference.Name, version);
        return Catalog.TryResolve(reference, out var entry, out string missing) ? entry : throw new ApiException(ApiError.NotFound(missing, "reference", ErrorCode.VectorNotFound));
    }

    /// <summary>One version, archived or not.</summary>
    /// <exception cref="ApiException">404.</exception>
    public CatalogEntry Require(string name, int version) =>
        _catalog.Find(name, version) ?? AllVersions(name).FirstOrDefault(entry => entry.Vector.Version == version) ?? throw NotFound(name, version);

    /// <summary>Every version of a name, archived ones read from disk; empty for an unknown name.</summary>
    public ImmutableArray<CatalogEntry> AllVersions(string name) => _database.Read(database => _reader.ReadAll(database, row => row.Name == name));

    /// <summary>Every version of every name, archived ones read from disk.</summary>
    public ImmutableArray<CatalogEntry> AllVersions() => _database.Read(database => _reader.ReadAll(database, _ => true));

    /// <summary>What the importer said when the version was registered.</summary>
    public VectorReport Report(string name, int version)
    {
        Require(name, version);
        return VectorReport.Deserialize(_database.Read(database => _rows.Report(database, name, version)));
    }

    /// <summary>Archives one version: requests that were admitted with it go on, new ones cannot name it.</summary>
    /// <exception cref="ApiException">404; 409 while an alias points at it.</exception>
    public Archival Archive(string name, int version)
    {
        var entry = Require(name, version);
        if (entry.Archived is not null) return new Archival(name, [version], []);
        return Logged(Write(database =>
        {
            var aliases = _rows.Aliases(database).Where(alias => alias.Name == name && alias.Version == version).Select(alias => alias.Alias).ToList();
            if (aliases.Count > 0)
                throw new ApiException(ApiError.Conflict($"Version {version} of {Found.Quote(name)} cannot be archived while {(aliases.Count == 1 ? "the alias points" : "aliases point")} at it: {string.Join(", ", aliases)}. "
                    + $"Promote another version first, or archive the whole vector with DELETE /v1/vectors/{name}.", "version", ErrorCode.VersionInUse));
            _rows.SetArchived(database, name, version, _clock.GetUtcNow());
            return new Archival(name, [version], []);
        }));
    }

    /// <summary>Archives every version of a name and removes its aliases.</summary>
    /// <exception cref="ApiException">404 where nothing of that name is served.</exception>
    public Archival Archive(string name) => Logged(Write(database =>
    {
        ImmutableArray<int> versions = [.. _rows.Versions(database).Where(row => row.Name == name && row.Archived is null).Select(row => row.Version)];
        if (versions.IsEmpty) throw NotFound(name);
        var aliases = _rows.Aliases(database).Where(alias => alias.Name == name).ToList();
        var now = _clock.GetUtcNow();
        foreach (var alias in aliases) _rows.Insert(database, alias with { Revision = alias.Revision + 1, Version = null, IsRollback = false, Changed = now });
        foreach (int version in versions) _rows.SetArchived(database, name, version, now);
        return new Archival(name, versions, [.. aliases.Select(alias => alias.Alias)]);
    }));

    /// <summary>A transaction whose result is in the snapshot before the next one begins.</summary>
    public T Write<T>(Func<SqliteConnection, T> write) => _database.Write(write, database => _catalog = _reader.Read(database));

    /// <summary>Says of a name or version that is not served what there is.</summary>
    public ApiException NotFound(string name, int? version = null)
    {
        var versions = AllVersions(name);
        string what = versions.IsEmpty ? $"There is no vector {Found.Quote(name)}{Nearest.Hint(name, Catalog.Names)}"
            : version is null ? $"Vector {Found.Quote(name)} is archived"
            : $"Vector {Found.Quote(name)} has no version {version}; it has versions {string.Join(", ", versions.Select(entry => entry.Vector.Version))}";
        return new ApiException(ApiError.NotFound($"{what}. GET /v1/vectors lists those there are.", version is null ? "name" : "version", ErrorCode.VectorNotFound));
    }

    private bool Fits(SteeringVector vector)
    {
        var problems = _intake.Check(vector).Problems;
        if (!problems.IsEmpty) VectorLog.Skipped(_log, $"{vector.Name}: {string.Join("; ", problems.Select(problem => $"{problem.Path}: {problem.Message}"))}");
        return problems.IsEmpty;
    }

    private (string Name, int Version) Seed(SqliteConnection database, SteeringVector vector)
    {
        var report = new VectorReport("safetensors", "steering", [.. vector.Tensors.Select(tensor => new ReportedTranslation(tensor.FileName, tensor.FileName, null))], [], []);
        _rows.MarkSeeded(database, vector.Name, vector.Sha256);
        return (vector.Name, Place(database, vector, CatalogEntry.Shipped, report, []).Version);
    }

    // A content that the name has already is that version; an archived one comes back. The first version that is served gets the production alias.
    private (int Version, bool Existing) Place(SqliteConnection database, SteeringVector vector, string origin, VectorReport report, ImmutableArray<string> aliases)
    {
        var versions = _rows.Versions(database);
        var existing = versions.Find(row => row.Name == vector.Name && row.Sha256 == vector.Sha256);
        int version = existing?.Version ?? NextVersion(versions, vector.Name);
        var now = _clock.GetUtcNow();
        if (existing is null)
            _rows.Insert(database, new StoredVersion(vector.Name, version, vector.Sha256, now, origin, null), VectorFile.Write(vector with { Version = version }), report.Serialize());
        else
        {
            if (existing.Archived is not null) _rows.SetArchived(database, vector.Name, version, null);
            // The same content again repairs what a disk has lost of it.
            if (!_reader.IsWhole(database, existing)) _rows.SetFile(database, vector.Name, version, VectorFile.Write(vector with { Version = version }));
        }
        bool isOnly = !versions.Exists(row => row.Name == vector.Name && row.Archived is null && row.Version != version);
        bool hasProduction = _rows.Aliases(database).Exists(alias => alias.Name == vector.Name && alias.Alias == CatalogEntry.Production);
        foreach (string alias in isOnly && !hasProduction ? aliases.Add(CatalogEntry.Production) : aliases)
            VectorAliases.Point(database, _rows, vector.Name, alias, version, now);
        return (version, existing is not null);
    }

    // Every served vector is in memory, so that no request waits for a disk; without a bound, uploads could end the process.
    private void RequireRoom(SteeringVector vector)
    {
        if (_catalog.Bytes + vector.Bytes <= _mostBytes || _catalog.VersionsOf(vector.Name).Any(entry => entry.Vector.Sha256 == vector.Sha256)) return;
        throw new ApiException(new ApiError(Microsoft.AspNetCore.Http.StatusCodes.Status507InsufficientStorage, ErrorType.Server,
            $"The served vectors take {_catalog.Bytes >> 20} of the {_mostBytes >> 20} MiB they may, and this one needs {(vector.Bytes >> 10) + 1} KiB. Archive some, or start the server with a larger --vector-memory.", null, ErrorCode.VectorMemoryFull));
    }

    private Archival Logged(Archival archival)
    {
        VectorLog.Archived(_log, archival.Name, string.Join(", ", archival.Versions), string.Join(", ", archival.Aliases));
        return archival;
    }

    private Registration Replay(KeptRequest before, string digest)
    {
        RequireSame(before, digest);
        return new Registration(Require(before.Name, before.Version), Report(before.Name, before.Version), before.Existing, IsReplay: true);
    }

    private static void RequireSame(KeptRequest before, string digest)
    {
        if (before.RequestSha256 == digest) return;
        throw new ApiException(new ApiError(Microsoft.AspNetCore.Http.StatusCodes.Status422UnprocessableEntity, ErrorType.InvalidRequest,
            $"This idempotency key was used for another upload, which became {before.Name}@{before.Version}. Use a new key for each upload, and the same one only to repeat it.", "Idempotency-Key", ErrorCode.IdempotencyKeyReused));
    }

    private static int NextVersion(List<StoredVersion> versions, string name) => versions.Where(row => row.Name == name).Select(row => row.Version).DefaultIfEmpty(0).Max() + 1;
}
