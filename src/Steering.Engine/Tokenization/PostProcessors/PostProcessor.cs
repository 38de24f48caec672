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
    private const string Supported = "Sequence, TemplateProcessing, ByteLevel, RobertaProcessing";

    /// <summary>Returns the tokens changed; <paramref name="pieceOf"/> gives a token's text by id.</summary>
    public abstract List<FoundToken> Apply(List<FoundToken> tokens, bool addSpecialTokens, Func<int, string?> pieceOf);

    public static PostProcessor Read(JsonField field)
    {
        string kind = field.Get("type").Text();
        return kind switch
        {
            "Sequence" => new SequencePostProcessor([.. field.Get("processors").Items().Select(Read)]),
            "TemplateProcessing" => TemplatePostProcessor.Of(field),
            "ByteLevel" => new TrimPostProcessor(field.Get("trim_offsets").Flag(), field.Get("add_prefix_space").Flag()),
            "RobertaProcessing" => new SequencePostProcessor(
            [
                new TrimPostProcessor(field.Get("trim_offsets").Flag(), field.Get("add_prefix_space").Flag()),
                new TemplatePostProcessor([Id(field.Get("cls"))], [Id(field.Get("sep"))]),
            ]),
            _ => throw field.Unsupported(kind, Supported),
        };
    }

    // ["</s>", 2]
    private static int Id(JsonField field)
    {
        var pair = field.Items();
        if (pair.Count != 2) throw field.Fail("a token and its id were expected");
        _ = pair[0].Text();
        return pair[1].Count();
    }
}

/// <summary>One after the other.</summary>
internal sealed class SequencePostProcessor(PostProcessor[] parts) : PostProcessor
{
    public override List<FoundToken> Apply(List<FoundToken> tokens, bool addSpecialTokens, Func<int, string?> pieceOf) =>
        parts.Aggregate(tokens, (soFar, part) => part.Apply(soFar, addSpecialTokens, pieceOf));
}
