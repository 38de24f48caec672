namespace Steering.Engine.Templates;

/// <summary>How a variable gets its value when its frame is entered.</summary>
internal enum LoadAction { Parameter, Resolve, Alias, Undefined }

/// <summary>A variable's place: the level of its frame, and its slot there.</summary>
internal readonly record struct Reference(int Level, int Slot);

/// <summary>
/// The variables of one frame (template, loop body, macro, captured block), found before anything runs.
/// The rules are those of jinja2.idtracking: names belong to a frame, not to a moment, so a name stored in a frame and not read before is not looked
/// up outside, a store in one branch of an <c>if</c> falls back to the outer value, and what a loop body stores ends with the iteration.
/// </summary>
internal sealed class Symbols
{
    private readonly Dictionary<string, int> _slots;
    private readonly HashSet<string> _references;
    private readonly HashSet<string> _stores;
    private readonly Dictionary<string, (LoadAction Action, Reference Outer)> _loads;
    private readonly HashSet<string> _resolved;

    public Symbols(Symbols? parent) : this(parent, [], [], [], [], parent?._resolved ?? []) { }

    private Symbols(
        Symbols? parent, Dictionary<string, int> slots, HashSet<string> references, HashSet<string> stores,
        Dictionary<string, (LoadAction Action, Reference Outer)> loads, HashSet<string> resolved)
    {
        (Parent, Level) = (parent, parent is null ? 0 : parent.Level + 1);
        (_slots, _references, _stores, _loads, _resolved) = (slots, references, stores, loads, resolved);
    }

    public Symbols? Parent { get; }

    public int Level { get; }

    /// <summary>Every name that some frame of the template reads from the input.</summary>
    public IReadOnlySet<string> Resolved => _resolved;

    public Reference? Find(string name)
    {
        for (Symbols? symbols = this; symbols is not null; symbols = symbols.Parent)
            if (symbols._references.Contains(name)) return new Reference(symbols.Level, symbols._slots[name]);
        return null;
    }

    public void Load(string name)
    {
        if (Find(name) is null) Define(name, LoadAction.Resolve);
    }

    public void Store(string name)
    {
        _stores.Add(name);
        if (_references.Contains(name)) return;
        if (Parent?.Find(name) is { } outer) Define(name, LoadAction.Alias, outer);
        else Define(name, LoadAction.Undefined);
    }

    public void DeclareParameter(string name)
    {
        _stores.Add(name);
        Define(name, LoadAction.Parameter);
    }

    /// <summary>A copy in which one branch of an <c>if</c> is declared; <see cref="Merge"/> brings the branches together.</summary>
    public Symbols Branch() => new(Parent, _slots, [.. _references], [.. _stores], new(_loads), _resolved);

    public void Merge(IReadOnlyList<Symbols> branches)
    {
        HashSet<string> stores = [.. branches.SelectMany(b => b._stores)];
        stores.ExceptWith(_stores);
        foreach (Symbols branch in branches)
        {
            _references.UnionWith(branch._references);
            _stores.UnionWith(branch._stores);
            foreach (var (name, load) in branch._loads) _loads[name] = load;
        }
        foreach (string name in stores)
            _loads[name] = Parent?.Find(name) is { } outer ? (LoadAction.Alias, outer) : (LoadAction.Resolve, default);
    }

    /// <summary>What entering the frame does, once all its statements are declared.</summary>
    public FrameLayout ToLayout()
    {
        var loads = new List<SlotLoad>();
        foreach (var (name, (action, outer)) in _loads)
        {
            if (action == LoadAction.Resolve)
            {
                loads.Add(new SlotLoad(_slots[name], name, -1, 0));
                _resolved.Add(name);
            }
            else if (action == LoadAction.Alias)
            {
                loads.Add(new SlotLoad(_slots[name], name, Level - 1 - outer.Level, outer.Slot));
            }
        }
        return new FrameLayout(_slots.Count, [.. loads]);
    }

    private void Define(string name, LoadAction action, Reference outer = default)
    {
        _references.Add(name);
        _slots.TryAdd(name, _slots.Count);
        _loads[name] = (action, outer);
    }
}

/// <summary>
/// A slot filled when a frame is entered: from the input (<paramref name="Hops"/> is -1), or from an outer frame that many frames above the
/// parent.
/// </summary>
internal readonly record struct SlotLoad(int Slot, string Name, int Hops, int OuterSlot);

internal sealed record FrameLayout(int SlotCount, SlotLoad[] Loads);
