using System.Runtime.InteropServices;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>Turns words into tokens. Immutable but for what it remembers; safe to use from many threads.</summary>
internal abstract class Model(Vocabulary vocabulary)
{
    private const string Supported = "BPE, Unigram, WordPiece";

    private readonly WordCache _cache = new();

    public Vocabulary Vocabulary => vocabulary;

    public static Model Read(JsonField field)
    {
        string kind = KindOf(field);
        return kind switch
        {
            "BPE" => Bpe.Of(field),
            "Unigram" => Unigram.Of(field),
            "WordPiece" => WordPiece.Of(field),
            _ => throw field.Unsupported(kind, Supported),
        };
    }

    /// <summary>Tokenizes one word, which is not empty, and appends the tokens.</summary>
    public void Tokenize(ReadOnlySpan<int> word, List<WordToken> tokens)
    {
        if (_cache.Find(word, out uint slot) is { } known)
        {
            tokens.AddRange(known);
            return;
        }
        int before = tokens.Count;
        TokenizeWord(word, tokens);
        _cache.Keep(slot, word, CollectionsMarshal.AsSpan(tokens)[before..]);
    }

    /// <summary>Tokenizes one word, which is not empty, and appends the tokens.</summary>
    protected abstract void TokenizeWord(ReadOnlySpan<int> word, List<WordToken> tokens);

    // Files of old do not say; their members do.
    private static string KindOf(JsonField field)
    {
        if (field.Find("type") is { } type) return type.Text();
        if (field.Find("merges") is not null) return "BPE";
        if (field.Find("vocab") is { IsArray: true }) return "Unigram";
        if (field.Find("max_input_chars_per_word") is not null) return "WordPiece";
        throw field.Fail($"'type' is missing; supported are {Supported}");
    }
}
