using System.Runtime.InteropServices;

namespace Steering.Engine.Tokenization;

/// <summary>
/// Decodes tokens one by one, giving out text as soon as later tokens can no longer change it, never part of a character. Everything it gave out, followed
/// by <see cref="Flush"/>, is what <see cref="Tokenizer.Decode"/> makes of all tokens; only where a tokenizer with byte fallback takes back a
/// character it has completed (a broken byte after whole ones breaks them all) does the text given out stand. Owned by one thread.
/// </summary>
public sealed class IncrementalDecoder
{
    // So many tokens held back are no character in the making but broken bytes.
    private const int MaxHeld = 128;
    private const int MaxTail = 4;
    private const char Replacement = '\uFFFD';

    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;

    // The tokens of the last text given out, then those since; a token decodes differently after another than by itself.
    private List<int> _ids = [];
    private int _given;
    private string _givenText = "";

    internal IncrementalDecoder(Tokenizer tokenizer, bool skipSpecialTokens) => (_tokenizer, _skipSpecialTokens) = (tokenizer, skipSpecialTokens);

    /// <summary>Takes a token and returns the text that is certain now and was not before, often none.</summary>
    public string Append(int id)
    {
        if (_tokenizer.IsLeftOut(id, _skipSpecialTokens)) return "";
        _ids.Add(id);
        string text = Decode(_ids);
        if (text.Length > _givenText.Length && text[^1] != Replacement)
        {
            string added = After(text);
            KeepFrom(_given);
            return added;
        }
        return _ids.Count - _given > MaxHeld ? GiveUp(text) : "";
    }

    /// <summary>The end of the tokens: returns what was held back, bytes that never became a character as U+FFFD.</summary>
    public string Flush()
    {
        string added = After(Decode(_ids));
        _ids.Clear();
        (_given, _givenText) = (0, "");
        return added;
    }

    private void KeepFrom(int start)
    {
        _ids = _ids[start..];
        _given = _ids.Count;
        _givenText = Decode(_ids);
    }

    // Gives out all but the last few tokens, cut where decoding in two parts makes the same text.
    private string GiveUp(string text)
    {
        for (int tail = 1; tail <= MaxTail; tail++)
        {
            int cut = _ids.Count - tail;
            string before = Decode(_ids[..cut]), after = Decode(_ids[cut..]);
            if (before + after != text) continue;
            string added = After(before);
            _ids = _ids[cut..];
            (_given, _givenText) = (0, "");
            return added;
        }
        return "";
    }

    // What of a text has not been given out; what was cannot be taken back.
    private string After(string text) =>
        text.StartsWith(_givenText, StringComparison.Ordinal) ? text[_givenText.Length..] : text[Math.Min(_givenText.Length, text.Length)..];

    private string Decode(List<int> ids) => _tokenizer.Decode(CollectionsMarshal.AsSpan(ids), _skipSpecialTokens);
}
