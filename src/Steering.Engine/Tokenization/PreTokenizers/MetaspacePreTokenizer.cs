using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.PreTokenizers;

/// <summary>When a text gets a leading replacement of a space.</summary>
internal enum PrependScheme { First, Never, Always }

/// <summary>SentencePiece's way with spaces: each becomes a visible character, a text may get one in front, and words begin with it.</summary>
internal sealed class MetaspacePreTokenizer(int replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    private readonly CharacterPreTokenizer _words = new(c => c == replacement, SplitBehaviour.MergedWithNext);

    public static MetaspacePreTokenizer Of(JsonField field) =>
        new(field.Get("replacement").Character(), ReadScheme(field), field.Find("split")?.Flag() ?? true);

    /// <summary>The scheme, also in the old spelling.</summary>
    public static PrependScheme ReadScheme(JsonField field)
    {
        var scheme = field.Find("prepend_scheme") is not { } named ? PrependScheme.Always : named.Text() switch
        {
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            "always" => PrependScheme.Always,
            _ => throw named.Fail("not one of first, never, always"),
        };
        if (field.Find("add_prefix_space")?.Flag() != false) return scheme;
        return scheme == PrependScheme.Never
            ? scheme
            : throw field.Get("add_prefix_space").Fail("false, which contradicts prepend_scheme");
    }

    public override void Apply(PiecedText text)
    {
        text.Rewrite((piece, output) =>
        {
            int first = text.Text.CodePoints[piece.Start];
            var source = text.Text.Sources[piece.Start];
            bool isBare = first != ' ' && first != replacement;
            if (isBare && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && source.Start == 0))) output.Add(replacement, source);
            for (int i = piece.Start; i < piece.End; i++)
                output.Add(text.Text.CodePoints[i] == ' ' ? replacement : text.Text.CodePoints[i], text.Text.Sources[i]);
        });
        if (split) _words.Apply(text);
    }
}
