using System.Collections.Immutable;
using SteeringServer.Storage;

namespace SteeringServer.Features.Vectors;

/// <summary>Where an alias points and how it got there.</summary>
/// <param name="Previous">What a rollback would go back to; null: nothing.</param>
/// <param name="Revision">Goes up with every change: what compare-and-set compares.</param>
/// <param name="History">Every change, oldest first.</param>
internal sealed record AliasState(string Vector, string Alias, int Version, int? Previous, int Revision, DateTimeOffset Changed, ImmutableArray<AliasChange> History)
{
    /// <summary>The state after a history; null where it is empty or ends with a removal.</summary>
    public static AliasState? Of(IReadOnlyList<AliasChange> history)
    {
        if (history.Count == 0 || history[^1] is not { Version: { } version } last) return null;
        var targets = Targets(history);
        return new AliasState(last.Name, last.Alias, version, targets.Count > 1 ? targets[^2] : null, last.Revision, last.Changed, [.. history]);
    }

    // What a rollback walks back through: a change adds its version, a rollback takes the newest away. A removal changes nothing, so an alias that comes back
    // can be rolled back to what it was before.
    private static List<int> Targets(IReadOnlyList<AliasChange> history)
    {
        var targets = new List<int>();
        foreach (var change in history)
        {
            if (change.Version is not { } version) continue;
            if (change.IsRollback) targets.RemoveAt(targets.Count - 1);
            else if (targets.Count == 0 || targets[^1] != version) targets.Add(version);
        }
        return targets;
    }
}

/// <summary>What must be true of an alias for a change to happen: compare-and-set.</summary>
/// <param name="Revision">It must be at this revision; null: any.</param>
/// <param name="MustBeNew">It must not exist.</param>
internal readonly record struct AliasCondition(int? Revision = null, bool MustBeNew = false);
