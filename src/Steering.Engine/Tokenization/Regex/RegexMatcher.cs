namespace Steering.Engine.Tokenization.Regex;

/// <summary>
/// Finds the matches of a regular expression in one text: leftmost, and of those the one a backtracking engine with Perl's priorities finds.
/// It backtracks, but remembers: once a search has taken more steps than a well-behaved one would, every place from which a step has failed is noted and
/// never tried again, over all starting points, which bounds the time by steps x length. Used by one thread at a time.
/// </summary>
/// <param name="program">The regular expression.</param>
/// <param name="stepsPerCharacter">How many steps for each character of the text count as well-behaved.</param>
internal sealed class RegexMatcher(RegexProgram program, int stepsPerCharacter = 32)
{
    private const long Spent = 1L << 32;

    private readonly int[] _runStart = new int[program.Runs];
    private readonly int[] _runEnd = new int[program.Runs];
    private ushort[] _classes = new ushort[256];
    private int _length;

    // Splits whose second branch is still to be tried: step << 33 | position; with the Spent bit those that fail when popped.
    private long[] _stack = new long[64];
    private int _depth;

    private long _budget;
    private ulong[]? _failed;                 // [split, position] bits
    private Dictionary<long, int>? _ends;     // for splits inside atomic groups and lookaheads: where the group's match ends

    /// <summary>Memory it would keep if it were kept, in elements.</summary>
    public int Capacity => _classes.Length + _stack.Length;

    /// <summary>Takes a text; what was known of the one before is forgotten.</summary>
    public void Load(ReadOnlySpan<int> text)
    {
        if (_classes.Length <= text.Length) _classes = new ushort[Math.Max(text.Length + 1, _classes.Length * 2)];
        var alphabet = program.Alphabet;
        for (int i = 0; i < text.Length; i++) _classes[i] = alphabet.ClassOf(text[i]);
        _classes[text.Length] = alphabet.End;
        _length = text.Length;
        _budget = (long)stepsPerCharacter * (text.Length + 32);
        (_failed, _ends, _depth) = (null, null, 0);
        Array.Clear(_runEnd);
    }

    /// <summary>The first match that begins at <paramref name="from"/> or later.</summary>
    public bool Find(int from, out int start, out int end)
    {
        bool[] first = program.First;
        for (start = from; start <= _length; start++)
        {
            if (!first[_classes[start]]) continue;
            end = Match(0, start, isInner: false);
            if (end >= 0) return true;
        }
        end = -1;
        return false;
    }

    // The end of the match of the steps from pc to their Accept, -1 if there is none.
    private int Match(int pc, int position, bool isInner)
    {
        int bottom = _depth;
        var steps = program.Steps;
        while (true)
        {
            ref readonly var step = ref steps[pc];
            bool goesOn;
            switch (step.Op)
            {
                case RegexOp.Set:
                    goesOn = step.Left![_classes[position]];
                    position++;
                    pc++;
                    break;
                case RegexOp.Split:
                    if (isInner && _ends is not null && _ends.TryGetValue(Key(pc, position), out int known)) return Succeed(bottom, known, isInner);
                    goesOn = Split(ref pc, position, step);
                    break;
                case RegexOp.Jump:
                    goesOn = true;
                    pc = step.A;
                    break;
                case RegexOp.Run:
                    int runEnd = RunEnd(step, position);
                    goesOn = runEnd - position >= step.A;
                    position = runEnd;
                    pc++;
                    break;
                case RegexOp.Atomic:
                    int atomicEnd = Match(pc + 1, position, isInner: true);
                    goesOn = atomicEnd >= 0;
                    position = atomicEnd;
                    pc = step.A;
                    break;
                case RegexOp.Lookahead:
                    goesOn = Match(pc + 1, position, isInner: true) >= 0 == (step.B == 0);
                    pc = step.A;
                    break;
                case RegexOp.Anchor:
                    goesOn = Holds((Anchor)step.A, position);
                    pc++;
                    break;
                case RegexOp.Accept: return Succeed(bottom, position, isInner);
                default: throw new InvalidOperationException($"no way to take the step {step.Op}");
            }
            if (!goesOn && !Backtrack(bottom, ref pc, ref position)) return -1;
        }
    }

    private bool Split(ref int pc, int position, in RegexStep step)
    {
        if (--_budget < 0 && _failed is null) Remember();
        int next = _classes[position];
        bool left = step.Left![next], right = step.Right![next];
        if (_failed is not null)
        {
            if (!(left || right) || HasFailed(step.Index, position)) return false;
            Push(Key(pc, position) | (left && right ? 0 : Spent));
        }
        else if (left && right) Push(Key(pc, position));
        pc = left ? step.A : step.B;
        return left || right;
    }

    private bool Backtrack(int bottom, ref int pc, ref int position)
    {
        while (_depth > bottom)
        {
            long entry = _stack[--_depth];
            int split = (int)(entry >> 33), at = (int)entry;
            if ((entry & Spent) != 0)
            {
                long bit = BitOf(program.Steps[split].Index, at);
                _failed![bit >> 6] |= 1UL << (int)(bit & 63);
                continue;
            }
            if (_failed is not null) Push(entry | Spent);
            (pc, position) = (program.Steps[split].B, at);
            return true;
        }
        return false;
    }

    // What is left on the stack are exactly the splits on the way to success, so inside a group all of them lead to the same end.
    private int Succeed(int bottom, int end, bool isInner)
    {
        if (isInner && _failed is not null)
        {
            _ends ??= [];
            for (int i = bottom; i < _depth; i++) _ends[_stack[i] & ~Spent] = end;
        }
        _depth = bottom;
        return end;
    }

    private int RunEnd(in RegexStep step, int position)
    {
        bool[] set = step.Left!;
        int end = position;
        if (step.B != RepeatNode.Unbounded)
        {
            int last = (int)Math.Min((long)position + step.B, _length);
            while (end < last && set[_classes[end]]) end++;
            return end;
        }
        // Kept, so that starting again and again inside one long run does not walk it every time.
        if (position < _runEnd[step.Index] && position >= _runStart[step.Index]) return _runEnd[step.Index];
        while (set[_classes[end]]) end++;
        (_runStart[step.Index], _runEnd[step.Index]) = (position, end);
        return end;
    }

    private bool Holds(Anchor anchor, int position)
    {
        bool[] newline = program.Newline, word = program.Word;
        return anchor switch
        {
            Anchor.LineStart => position == 0 || (newline[_classes[position - 1]] && position < _length),
            Anchor.LineEnd => position == _length || newline[_classes[position]],
            Anchor.TextStart => position == 0,
            Anchor.TextEnd => position == _length,
            Anchor.TextEndOrLastNewline => position == _length || (position == _length - 1 && newline[_classes[position]]),
            Anchor.WordBoundary => IsBoundary(word, position),
            Anchor.NoWordBoundary => !IsBoundary(word, position),
            _ => throw new InvalidOperationException($"no anchor {anchor}"),
        };
    }

    private bool IsBoundary(bool[] word, int position) => (position > 0 && word[_classes[position - 1]]) != word[_classes[position]];

    private void Remember() => _failed = new ulong[((long)program.Splits * (_length + 1) + 63) / 64];

    private bool HasFailed(int split, int position)
    {
        long bit = BitOf(split, position);
        return (_failed![bit >> 6] >> (int)(bit & 63) & 1) != 0;
    }

    private long BitOf(int split, int position) => (long)split * (_length + 1) + position;

    private static long Key(int step, int position) => ((long)step << 33) | (uint)position;

    private void Push(long entry)
    {
        if (_depth == _stack.Length) Array.Resize(ref _stack, _depth * 2);
        _stack[_depth++] = entry;
    }
}
