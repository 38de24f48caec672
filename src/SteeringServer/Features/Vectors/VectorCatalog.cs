using System.Collections.Frozen;
using System.Collections.Immutable;
using Steering.Engine.Interventions;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>The vectors that requests can name: an immutable snapshot, so that a request sees one state of it from beginning to end.</summary>
internal sealed class VectorCatalog
{
    private readonly FrozenDictionary<string, ImmutableArray<CatalogEntry>> _versions;
    private readonly FrozenSet<(string Name, int Version)> _archived;

    /// <param name="entries">What can be named.</param>
    /// <param name="archived">What could be named once: for messages.</param>
    public VectorCatalog(IEnumerable<CatalogEntry> entries, params ReadOnlySpan<(string Name, int Version)> archived)
    {
        _archived = FrozenSet.ToFrozenSet(archived.ToArray());
        Entries = [.. entries.OrderBy(entry => entry.Vector.Name, StringComparer.Ordinal).ThenBy(entry => entry.Vector.Version)];
        Bytes = Entries.Sum(entry => entry.Vector.Bytes);
        _versions = Entries.GroupBy(entry => entry.Vector.Name, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => group.ToImmutableArray(), StringComparer.Ordinal);
    }

    /// <summary>Every version, by name and number.</summary>
    public ImmutableArray<CatalogEntry> Entries { get; }

    /// <summary>The versions of a name, oldest first; empty for an unknown name.</summary>
    public ImmutableArray<CatalogEntry> VersionsOf(string name) => _versions.GetValueOrDefault(name, []);

    /// <summary>Bytes of all tensors.</summary>
    public long Bytes { get; }

    public IEnumerable<string> Names => _versions.Keys;

    /// <summary>A version that is served; null otherwise.</summary>
    public CatalogEntry? Find(string name, int version) => VersionsOf(name).FirstOrDefault(entry => entry.Vector.Version == version);

    public bool IsArchived(string name) => VersionsOf(name).IsEmpty && _archived.Any(archived => archived.Name == name);

    public bool IsArchived(string name, int version) => _archived.Contains((name, version));

    /// <summary>Finds what a reference points at.</summary>
    /// <param name="problem">Where false: what is missing and what there is instead.</param>
    public bool TryResolve(VectorReference reference, out CatalogEntry entry, out string problem)
    {
        var versions = VersionsOf(reference.Name);
        entry = null!;
        problem = "";
        if (versions.IsEmpty)
        {
            problem = IsArchived(reference.Name) ? $"vector {Found.Quote(reference.Name)} is archived; register its content again to bring it back"
                : $"there is no vector {Found.Quote(reference.Name)}{Nearest.Hint(reference.Name, _versions.Keys)}; GET /v1/vectors lists the "
                + $"{_versions.Count} there are";
            return false;
        }
        var found = reference.Hash is { } hash ? versions.FirstOrDefault(version => version.Vector.Sha256.StartsWith(hash, StringComparison.Ordinal))
            : reference.Version is { } number ? versions.FirstOrDefault(version => version.Vector.Version == number)
            : versions.FirstOrDefault(version => version.Aliases.Contains(reference.Selector ?? CatalogEntry.Production));
        if (found is null)
        {
            string numbers = string.Join(", ", versions.Select(version => version.Vector.Version));
            string aliases = string.Join(", ", versions.SelectMany(version => version.Aliases));
            problem = reference.Version is { } archived && IsArchived(reference.Name, archived) ? $"version {archived} of vector {Found.Quote(reference.Name)} is archived; it has versions {numbers}"
                : $"vector {Found.Quote(reference.Name)} has no version {Found.Quote(reference.Selector ?? CatalogEntry.Production)}; it has versions {numbers}{(aliases.Length > 0 ? $" and aliases {aliases}" : "")}";
            return false;
        }
        entry = found;
        return true;
    }

    /// <summary>The vector that a text names, or null with a problem reported under the path.</summary>
    public SteeringVector? Resolve(string text, string path, FieldProblems problems)
    {
        if (!VectorReference.TryParse(text, out var reference, out string malformed))
        {
            problems.Add(path, malformed);
            return null;
        }
        if (TryResolve(reference, out var entry, out string missing)) return entry.Vector;
        problems.Add(path, missing, Errors.ErrorCode.VectorNotFound);
        return null;
    }
}
