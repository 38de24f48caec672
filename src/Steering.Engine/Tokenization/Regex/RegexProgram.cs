namespace Steering.Engine.Tokenization.Regex;

internal enum RegexOp
{
    /// <summary>A character of the set <see cref="RegexStep.Left"/>.</summary>
    Set,
    /// <summary>Step <see cref="RegexStep.A"/>, and <see cref="RegexStep.B"/> where that leads to no match.</summary>
    Split,
    /// <summary>Step <see cref="RegexStep.A"/>.</summary>
    Jump,
    /// <summary>At least A, at most B characters of the set, as many as there are and never fewer.</summary>
    Run,
    /// <summary>What follows here up to its Accept, its first match only; then step A.</summary>
    Atomic,
    /// <summary>What follows here up to its Accept matches (B = 0) or does not (B = 1), without consuming it; then step A.</summary>
    Lookahead,
    /// <summary>The anchor A.</summary>
    Anchor,
    Accept,
}

/// <summary>One step of a compiled regular expression.</summary>
/// <param name="Op">What it does.</param>
/// <param name="A">See <see cref="RegexOp"/>.</param>
/// <param name="B">See <see cref="RegexOp"/>.</param>
/// <param name="Index">Number of this step among those of its kind, for what the matcher remembers of it.</param>
/// <param name="Left">Set, Run: the classes in the set. Split: the classes with which A can go on.</param>
/// <param name="Right">Split: the classes with which B can go on.</param>
internal readonly record struct RegexStep(RegexOp Op, int A = 0, int B = 0, int Index = 0, bool[]? Left = null, bool[]? Right = null);

/// <summary>A compiled regular expression: immutable, shared by all its matchers.</summary>
internal sealed class RegexProgram(RegexStep[] steps, Alphabet alphabet, bool[] first, bool[] newline, bool[] word, int splits, int runs)
{
    public RegexStep[] Steps => steps;
    public Alphabet Alphabet => alphabet;

    /// <summary>The classes a match can begin with; the end of the text among them if it can be empty.</summary>
    public bool[] First => first;
    public bool[] Newline => newline;
    public bool[] Word => word;
    public int Splits => splits;
    public int Runs => runs;
}
