using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.PostProcessors;

/// <summary>Puts special tokens before and after the input.</summary>
internal sealed class TemplatePostProcessor(int[] before, int[] after) : PostProcessor
{
    public static TemplatePostProcessor Of(JsonField field, Func<int, bool> isToken)
    {
        var specials = new Dictionary<string, int[]>();
        foreach (var (name, special) in field.Get("special_tokens").Members()) specials[name] = [.. special.Get("ids").Items().Select(id => ReadId(id, isToken))];
        List<int> before = [], after = [];
        bool seen = false;
        foreach (var item in field.Get("single").Items())
        {
            if (item.Find("Sequence") is { } sequence)
            {
                if (sequence.Get("id").Text() != "A") throw sequence.Get("id").Fail("a single input has only the sequence A");
                if (seen) throw item.Fail("the input is there twice");
                seen = true;
                continue;
            }
            var special = (item.Find("SpecialToken") ?? throw item.Fail("neither 'Sequence' nor 'SpecialToken' is there")).Get("id");
            if (!specials.TryGetValue(special.Text(), out int[]? ids)) throw special.Fail($"'{special.Text()}' is not among the special_tokens");
            (seen ? after : before).AddRange(ids);
        }
        return seen ? new TemplatePostProcessor([.. before], [.. after]) : throw field.Get("single").Fail("the sequence A, which is the input, is not there");
    }

    /// <summary>An id that must be a token's.</summary>
    public static int ReadId(JsonField field, Func<int, bool> isToken)
    {
        int id = field.Count();
        return isToken(id) ? id : throw field.Fail($"no token has the id {id}");
    }

    public override List<FoundToken> Apply(List<FoundToken> tokens, bool addSpecialTokens, Func<int, string?> pieceOf) =>
        addSpecialTokens ? [.. before.Select(Added), .. tokens, .. after.Select(Added)] : tokens;

    private static FoundToken Added(int id) => new(id, 0, 0);
}
