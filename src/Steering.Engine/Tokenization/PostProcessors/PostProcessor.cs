using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.PostProcessors;

/// <summary>A token on its way out.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Start">Where it begins in the input, in code points.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Text">What an added token was found as, white space taken along included; null for a token of the model.</param>
internal readonly record struct FoundToken(int Id, int Start, int End, string? Text = null);

/// <summary>Adds what a model wants around its input, and trims offsets. Immutable.</summary>
internal abstract class PostProcessor
{
    private const string Supported = "Sequence, TemplateProcessing, ByteLevel, RobertaProcessing, BertProcessing";

    /// <summary>Returns the tokens changed; <paramref name="pieceOf"/> gives a token's text by id.</summary>
    public abstract List<FoundToken> Apply(List<FoundToken> tokens, bool addSpecialTokens, Func<int, string?> pieceOf);

    /// <summary>Reads one; <paramref name="isToken"/> tells whether there is a token with an id.</summary>
    public static PostProcessor Read(JsonField field, Func<int, bool> isToken)
    {
        string kind = field.Get("type").Text();
        return kind switch
        {
            "Sequence" => new SequencePostProcessor([.. field.Get("processors").Items().Select(p => Read(p, isToken))]),
            "TemplateProcessing" => TemplatePostProcessor.Of(field, isToken),
            "ByteLevel" => Trim(field),
            "RobertaProcessing" => new SequencePostProcessor([Trim(field), ClsAndSep()]),
            "BertProcessing" => ClsAndSep(),
            _ => throw field.Unsupported(kind, Supported),
        };

        TemplatePostProcessor ClsAndSep() => new([Id(field.Get("cls"))], [Id(field.Get("sep"))]);

        // ["</s>", 2]
        int Id(JsonField pair)
        {
            var parts = pair.Items();
            if (parts.Count != 2) throw pair.Fail("a token and its id were expected");
            _ = parts[0].Text();
            return TemplatePostProcessor.ReadId(parts[1], isToken);
        }
    }

    private static TrimPostProcessor Trim(JsonField field) => new(field.Get("trim_offsets").Flag(), field.Get("add_prefix_space").Flag());
}

/// <summary>One after the other.</summary>
internal sealed class SequencePostProcessor(PostProcessor[] parts) : PostProcessor
{
    public override List<FoundToken> Apply(List<FoundToken> tokens, bool addSpecialTokens, Func<int, string?> pieceOf) =>
        parts.Aggregate(tokens, (soFar, part) => part.Apply(soFar, addSpecialTokens, pieceOf));
}
