using System.Collections.Immutable;
using Steering.Engine.Tokenization.Models;
using Steering.Engine.Tokenization.Normalizers;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization;

/// <summary>The added tokens of a tokenizer. Immutable.</summary>
internal sealed class AddedTokens
{
    // What looking for a token may cost at each place of a text.
    private const int MaxContent = 1024;

    private readonly Dictionary<int, AddedToken> _byId = [];
    private readonly Dictionary<string, int> _ids = [];
    private readonly Dictionary<int, string> _normalized = [];
    private readonly HashSet<string> _specials = [];

    private AddedTokens(IEnumerable<AddedToken> tokens, Normalizer? normalizer)
    {
        foreach (var token in tokens)
        {
            _byId[token.Id] = token;
            _ids[token.Content] = token.Id;
            if (token.Special) _specials.Add(token.Content);
        }
        foreach (var token in _byId.Values.Where(t => t.Normalized)) _normalized[token.Id] = normalizer?.Apply(token.Content) ?? token.Content;
        Verbatim = new AddedTokenFinder(_byId.Values.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        Normalized = new AddedTokenFinder(_byId.Values.Where(t => t.Normalized).Select(t => (_normalized[t.Id], t)));
    }

    /// <summary>Finds those that are looked for in the text as it is.</summary>
    public AddedTokenFinder Verbatim { get; }

    /// <summary>Finds those that are looked for in the normalized text.</summary>
    public AddedTokenFinder Normalized { get; }

    /// <summary>The largest id + 1.</summary>
    public int Size => _byId.Keys.DefaultIfEmpty(-1).Max() + 1;

    public AddedToken? Find(int id) => _byId.GetValueOrDefault(id);

    public int? IdOf(string content) => _ids.TryGetValue(content, out int id) ? id : null;

    /// <summary>The text decoders see of an added token: the normalized one; null if there is no such token.</summary>
    public string? DecodedText(int id) => _normalized.GetValueOrDefault(id) ?? Find(id)?.Content;

    /// <summary>Whether decoding without special tokens leaves a text out. By text, as in the original.</summary>
    public bool IsSpecialText(string text) => _specials.Contains(text);

    /// <summary>
    /// Reads the list. A token's id is not what the file says but that of the model's piece of the same text, or the next free one, as in the original; a
    /// file that says otherwise is refused.
    /// </summary>
    public static AddedTokens Read(JsonField? field, Vocabulary vocabulary, Normalizer? normalizer)
    {
        var tokens = new List<AddedToken>();
        var ids = new Dictionary<string, int>();
        int next = vocabulary.Count;
        foreach (var item in field?.Items() ?? [])
        {
            string content = item.Get("content").Text();
            if (content.Length == 0) continue;
            if (content.Length > MaxContent) throw item.Get("content").Fail($"{content.Length} characters; supported are up to {MaxContent}");
            var said = item.Get("id");
            if (!ids.TryGetValue(content, out int id)) ids[content] = id = vocabulary.IdOf(content) ?? next++;
            if (said.Count() != id) throw said.Fail($"{said.Count()} for '{content}', which has the id {id} by the vocabulary and the order of the added tokens");
            tokens.Add(new AddedToken(
                id, content, Flag(item, "single_word"), Flag(item, "lstrip"), Flag(item, "rstrip"), Flag(item, "normalized"), Flag(item, "special")));
        }
        return new AddedTokens(tokens, normalizer);
    }

    private static bool Flag(JsonField item, string name) => item.Get(name).Flag();
}
