using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>Gathers every problem of a request; problems that differ only in the site become one.</summary>
internal sealed class ProblemList
{
    /// <summary>Stands in a message for the sites it is about.</summary>
    public const string Sites = "{sites}";

    private readonly OrderedDictionary<(string Path, string Code, string Message), List<Site>> _problems = [];

    public int Count => _problems.Count;

    public void Add(string path, string code, string message) => _problems.TryAdd((path, code, message), []);

    /// <param name="message">With <see cref="Sites"/> where the sites belong.</param>
    public void AddAt(string path, string code, Site site, string message)
    {
        Add(path, code, message);
        _problems[(path, code, message)].Add(site);
    }

    public ImmutableArray<SteeringProblem> ToImmutableArray() =>
        [.. _problems.Select(entry => new SteeringProblem(entry.Key.Path, entry.Key.Code, entry.Key.Message.Replace(Sites, SiteRanges.Describe(entry.Value))))];
}
