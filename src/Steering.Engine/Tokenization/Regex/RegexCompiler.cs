using Steering.Engine.Tokenization.Unicode;

namespace Steering.Engine.Tokenization.Regex;

/// <summary>Turns a parsed regular expression into steps.</summary>
internal sealed class RegexCompiler
{
    private const int MaxSteps = 4096;
    private const int MaxSets = 512;

    private static readonly CodePointSet NewlineSet = CodePointSet.Of('\n');

    private readonly List<RegexStep> _steps = [];
    private readonly List<CodePointSet> _sets = [NewlineSet, UnicodeProperties.Word];
    private readonly Dictionary<CodePointSet, int> _setIndexes = new() { [NewlineSet] = 0, [UnicodeProperties.Word] = 1 };

    // Which set a Set or Run is of: its table can be made only once all sets are known.
    private readonly Dictionary<int, int> _setOfStep = [];
    private int _splits;
    private int _runs;

    public static RegexProgram Compile(RegexNode node)
    {
        var compiler = new RegexCompiler();
        compiler.Emit(node, isLast: true);
        compiler.Add(new RegexStep(RegexOp.Accept));
        return compiler.Finish();
    }

    private int Add(RegexStep step)
    {
        if (_steps.Count == MaxSteps) throw new FormatException($"the regular expression needs more than {MaxSteps} steps");
        _steps.Add(step);
        return _steps.Count - 1;
    }

    private void AddSet(CodePointSet set, RegexStep step)
    {
        if (!_setIndexes.TryGetValue(set, out int index))
        {
            if (_sets.Count == MaxSets) throw new FormatException($"the regular expression has more than {MaxSets} different sets");
            _setIndexes[set] = index = _sets.Count;
            _sets.Add(set);
        }
        _setOfStep[Add(step)] = index;
    }

    // isLast: nothing but Accept comes after it, so a longest run is never taken back and needs no record of the shorter ones.
    private void Emit(RegexNode node, bool isLast)
    {
        switch (node)
        {
            case SetNode set: AddSet(set.Set, new RegexStep(RegexOp.Set)); break;
            case SequenceNode sequence:
                for (int i = 0; i < sequence.Parts.Length; i++) Emit(sequence.Parts[i], isLast && i == sequence.Parts.Length - 1);
                break;
            case AlternationNode alternation: EmitAlternation(alternation, isLast); break;
            case RepeatNode repeat: EmitRepeat(repeat, isLast); break;
            case AtomicNode atomic: EmitInner(new RegexStep(RegexOp.Atomic), atomic.Body); break;
            case LookaheadNode look: EmitInner(new RegexStep(RegexOp.Lookahead, B: look.Negative ? 1 : 0), look.Body); break;
            case AnchorNode anchor: Add(new RegexStep(RegexOp.Anchor, (int)anchor.Anchor)); break;
            default: throw new InvalidOperationException($"no steps for {node.GetType().Name}");
        }
    }

    private void EmitInner(RegexStep opening, RegexNode body)
    {
        int start = Add(opening);
        Emit(body, isLast: true);
        Add(new RegexStep(RegexOp.Accept));
        _steps[start] = opening with { A = _steps.Count };
    }

    private void EmitAlternation(AlternationNode alternation, bool isLast)
    {
        var jumps = new List<int>();
        for (int i = 0; i < alternation.Choices.Length; i++)
        {
            bool isLastChoice = i == alternation.Choices.Length - 1;
            int split = isLastChoice ? -1 : Add(new RegexStep(RegexOp.Split, Index: _splits++));
            Emit(alternation.Choices[i], isLast);
            if (isLastChoice) break;
            jumps.Add(Add(new RegexStep(RegexOp.Jump)));
            _steps[split] = _steps[split] with { A = split + 1, B = _steps.Count };
        }
        foreach (int jump in jumps) _steps[jump] = _steps[jump] with { A = _steps.Count };
    }

    private void EmitRepeat(RepeatNode repeat, bool isLast)
    {
        bool never = repeat.Kind == RepeatKind.Possessive || (isLast && repeat.Kind == RepeatKind.Greedy);
        if (never && repeat.Body is SetNode set)
        {
            AddSet(set.Set, new RegexStep(RegexOp.Run, repeat.Min, repeat.Max, _runs++));
            return;
        }
        if (repeat.Kind == RepeatKind.Possessive)
        {
            EmitInner(new RegexStep(RegexOp.Atomic), repeat with { Kind = RepeatKind.Greedy });
            return;
        }
        for (int i = 0; i < repeat.Min; i++)
        {
            int before = _steps.Count;
            Emit(repeat.Body, isLast: false);
            if (_steps.Count == before) return;
        }
        if (repeat.Max == RepeatNode.Unbounded) EmitLoop(repeat);
        else EmitOptional(repeat);
    }

    private void EmitLoop(RepeatNode repeat)
    {
        int split = Add(new RegexStep(RegexOp.Split, Index: _splits++));
        Emit(repeat.Body, isLast: false);
        Add(new RegexStep(RegexOp.Jump, split));
        Direct(split, repeat.Kind);
    }

    private void EmitOptional(RepeatNode repeat)
    {
        var splits = new List<int>();
        for (int i = repeat.Min; i < repeat.Max; i++)
        {
            splits.Add(Add(new RegexStep(RegexOp.Split, Index: _splits++)));
            Emit(repeat.Body, isLast: false);
            if (_steps.Count == splits[^1] + 1) break;
        }
        foreach (int split in splits) Direct(split, repeat.Kind);
    }

    // From a split into the body after it or past the end of what has been emitted.
    private void Direct(int split, RepeatKind kind) =>
        _steps[split] = kind == RepeatKind.Lazy ? _steps[split] with { A = _steps.Count, B = split + 1 } : _steps[split] with { A = split + 1, B = _steps.Count };

    private RegexProgram Finish()
    {
        var alphabet = new Alphabet(_sets);
        RegexStep[] steps = [.. _steps];
        foreach (var (step, set) in _setOfStep) steps[step] = steps[step] with { Left = alphabet.Members[set] };
        var firsts = new FirstClasses(steps, alphabet.End + 1);
        for (int i = 0; i < steps.Length; i++)
            if (steps[i].Op == RegexOp.Split) steps[i] = steps[i] with { Left = firsts.From(steps[i].A), Right = firsts.From(steps[i].B) };
        return new RegexProgram(steps, alphabet, firsts.From(0), alphabet.Members[0], alphabet.Members[1], _splits, _runs);
    }
}
