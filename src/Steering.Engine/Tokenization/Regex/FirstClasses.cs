namespace Steering.Engine.Tokenization.Regex;

/// <summary>
/// Which character classes can come next at a step if there is to be a match: one look at the next character decides most alternatives without trying them.
/// Never too few; anchors and lookaheads are taken to hold.
/// </summary>
internal sealed class FirstClasses(RegexStep[] steps, int classes)
{
    private readonly Dictionary<int, bool[]> _known = [];

    public bool[] From(int start)
    {
        if (_known.TryGetValue(start, out var known)) return known;
        var first = new bool[classes];
        // If nothing need be consumed anything may follow, the end of the text included.
        if (Walk(start, first)) Array.Fill(first, true);
        return _known[start] = first;
    }

    // True if an Accept can be reached without consuming anything.
    private bool Walk(int start, bool[] first)
    {
        bool accepts = false;
        var seen = new HashSet<int>();
        var pending = new Stack<int>([start]);
        while (pending.TryPop(out int at))
        {
            if (!seen.Add(at)) continue;
            var step = steps[at];
            switch (step.Op)
            {
                case RegexOp.Set: Include(first, step.Left!); break;
                case RegexOp.Run:
                    Include(first, step.Left!);
                    if (step.A == 0) pending.Push(at + 1);
                    break;
                case RegexOp.Split:
                    pending.Push(step.A);
                    pending.Push(step.B);
                    break;
                case RegexOp.Jump: pending.Push(step.A); break;
                case RegexOp.Lookahead: pending.Push(step.A); break;
                case RegexOp.Anchor: pending.Push(at + 1); break;
                case RegexOp.Atomic:
                    if (Walk(at + 1, first)) pending.Push(step.A);
                    break;
                case RegexOp.Accept: accepts = true; break;
                default: throw new InvalidOperationException($"no first classes for {step.Op}");
            }
        }
        return accepts;
    }

    private static void Include(bool[] first, bool[] others)
    {
        for (int i = 0; i < first.Length; i++) first[i] |= others[i];
    }
}
