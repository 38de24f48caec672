namespace Steering.Engine.Tokenization.Models;

/// <summary>A token of a word and the word's characters it covers.</summary>
internal readonly record struct WordToken(int Id, int Start, int End);

/// <summary>
/// Remembers how short words were tokenized: a table of fixed size in which a word takes the place of another with the same hash. Entries are immutable and
/// replaced whole, so threads share it without locks.
/// </summary>
internal sealed class WordCache
{
    private const int Slots = 1 << 14;
    private const int MaxLength = 32;

    private sealed record Entry(int[] Word, WordToken[] Tokens);

    private readonly Entry?[] _entries = new Entry?[Slots];

    public WordToken[]? Find(ReadOnlySpan<int> word, out uint slot)
    {
        slot = uint.MaxValue;
        if (word.Length > MaxLength) return null;
        uint hash = 2166136261;
        foreach (int codePoint in word) hash = (hash ^ (uint)codePoint) * 16777619;
        slot = (hash ^ (hash >> 15)) % Slots;
        var entry = Volatile.Read(ref _entries[slot]);
        return entry is not null && word.SequenceEqual(entry.Word) ? entry.Tokens : null;
    }

    /// <summary>Keeps the tokens of a word that was not found, if it is short enough.</summary>
    public void Keep(uint slot, ReadOnlySpan<int> word, ReadOnlySpan<WordToken> tokens)
    {
        if (slot < Slots) Volatile.Write(ref _entries[slot], new Entry(word.ToArray(), tokens.ToArray()));
    }
}
