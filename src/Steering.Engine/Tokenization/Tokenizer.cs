using System.Runtime.InteropServices;
using Steering.Engine.Loading;
using Steering.Engine.Tokenization.Decoders;
using Steering.Engine.Tokenization.Models;
using Steering.Engine.Tokenization.Normalizers;
using Steering.Engine.Tokenization.PostProcessors;
using Steering.Engine.Tokenization.PreTokenizers;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization;

/// <summary>
/// Text to tokens and back, from a <c>tokenizer.json</c> as Hugging Face tokenizers 0.23 writes it, and with its results. Reads byte-pair, Unigram and WordPiece
/// models; truncation and padding, which belong to training, are ignored. Immutable; used by any number of threads at once.
/// </summary>
public sealed class Tokenizer
{
    private readonly AddedTokens _added;
    private readonly Normalizer? _normalizer;
    private readonly PreTokenizer? _preTokenizer;
    private readonly Model _model;
    private readonly PostProcessor? _postProcessor;
    private readonly Decoder? _decoder;

    private Tokenizer(JsonField root)
    {
        _model = Model.Read(root.Get("model"));
        _normalizer = root.Find("normalizer") is { } normalizer ? Normalizer.Read(normalizer) : null;
        _added = AddedTokens.Read(root.Find("added_tokens"), _model.Vocabulary, _normalizer);
        _preTokenizer = root.Find("pre_tokenizer") is { } preTokenizer ? PreTokenizer.Read(preTokenizer) : null;
        _postProcessor = root.Find("post_processor") is { } postProcessor ? PostProcessor.Read(postProcessor, id => TextForDecoder(id) is not null) : null;
        _decoder = root.Find("decoder") is { } decoder ? Decoder.Read(decoder) : null;
        VocabularySize = Math.Max(_model.Vocabulary.Size, _added.Size);
    }

    /// <summary>The largest id + 1, added tokens included.</summary>
    public int VocabularySize { get; }

    /// <summary>Reads a tokenizer.json.</summary>
    /// <exception cref="ModelFormatException">It is no tokenizer.json, contradicts itself, or has a part of a kind that is not supported.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Tokenizer Load(string tokenizerJsonPath) => Parse(File.ReadAllBytes(tokenizerJsonPath), tokenizerJsonPath);

    /// <summary>Reads the content of a tokenizer.json; <paramref name="nameForErrors"/> is what errors call the file.</summary>
    /// <exception cref="ModelFormatException">As for <see cref="Load"/>.</exception>
    public static Tokenizer Parse(ReadOnlyMemory<byte> tokenizerJson, string nameForErrors) => new(JsonField.Parse(tokenizerJson, nameForErrors));

    /// <summary>Encodes a text. Half a surrogate pair counts as U+FFFD.</summary>
    public Encoding Encode(string text, EncodeOptions options)
    {
        var input = AlignedText.Of(text);
        var positions = new Utf16Positions(text, input.Length);
        var plain = new PlainText(options, positions);
        var pieced = new PiecedText(input);
        if (!_added.Verbatim.IsEmpty) pieced.Cut((piece, pieces) => _added.Verbatim.Cut(pieced.Text, piece, pieces, plain.IsToken, plain.Allows(pieced.Text)));
        if (_normalizer is not null) pieced.Rewrite((piece, output) => _normalizer.Apply(pieced.Text, piece.Start, piece.End, output));
        if (!_added.Normalized.IsEmpty) pieced.Cut((piece, pieces) => _added.Normalized.Cut(pieced.Text, piece, pieces, plain.IsToken, plain.Allows(pieced.Text)));
        _preTokenizer?.Apply(pieced);
        var tokens = Tokenize(pieced);
        if (_postProcessor is not null) tokens = _postProcessor.Apply(tokens, options.AddSpecialTokens, TextForDecoder);
        var encoding = new Encoding(new int[tokens.Count], new (int, int)[tokens.Count]);
        for (int i = 0; i < tokens.Count; i++) (encoding.Ids[i], encoding.Offsets[i]) = (tokens[i].Id, (positions.Of(tokens[i].Start), positions.Of(tokens[i].End)));
        return encoding;
    }

    /// <summary>The text of tokens; ids there are no tokens for are left out.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var tokens = new List<string>(ids.Length);
        foreach (int id in ids)
            if (TextForDecoder(id) is { } text && !(skipSpecialTokens && _added.IsSpecialText(text))) tokens.Add(text);
        return _decoder is null ? string.Join(' ', tokens) : string.Concat(_decoder.Apply(tokens));
    }

    /// <summary>Decodes tokens as they come.</summary>
    public IncrementalDecoder CreateDecoder(bool skipSpecialTokens) => new(this, skipSpecialTokens);

    /// <summary>A token as it is written in the file; null if there is none with this id.</summary>
    public string? Piece(int id) => _added.Find(id)?.Content ?? _model.Vocabulary.Piece(id);

    /// <summary>The id of a token as it is written in the file.</summary>
    public int? IdOf(string piece) => _added.IdOf(piece) ?? _model.Vocabulary.IdOf(piece);

    /// <summary>Whether it is a special token.</summary>
    public bool IsSpecial(int id) => _added.Find(id) is { Special: true };

    /// <summary>The bytes of UTF-8 a token stands for in the midst of a text, possibly part of a character only; none if there is no such token.</summary>
    public byte[] Bytes(int id)
    {
        if (TextForDecoder(id) is not { } text) return [];
        return _decoder?.BytesOf(text) ?? System.Text.Encoding.UTF8.GetBytes(_decoder?.TextOf(text) ?? text);
    }

    /// <summary>Whether decoding shows nothing of a token: there is none, or it is special and those are skipped.</summary>
    internal bool IsLeftOut(int id, bool skipSpecialTokens) =>
        TextForDecoder(id) is not { } text || (skipSpecialTokens && _added.IsSpecialText(text));

    private string? TextForDecoder(int id) => _added.DecodedText(id) ?? _model.Vocabulary.Piece(id);

    private List<FoundToken> Tokenize(PiecedText pieced)
    {
        var text = pieced.Text;
        var tokens = new List<FoundToken>(pieced.Pieces.Count * 2);
        var word = new List<WordToken>();
        foreach (var piece in pieced.Pieces)
        {
            if (!piece.IsText)
            {
                tokens.Add(new FoundToken(piece.Id, text.Sources[piece.Start].Start, text.Sources[piece.End - 1].End, text.ToString(piece.Start, piece.End)));
                continue;
            }
            word.Clear();
            _model.Tokenize(text.CodePoints[piece.Start..piece.End], word);
            var sources = text.Sources[piece.Start..piece.End];
            foreach (var token in CollectionsMarshal.AsSpan(word)) tokens.Add(new FoundToken(token.Id, sources[token.Start].Start, sources[token.End - 1].End));
        }
        return tokens;
    }
}
