using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.PostProcessors;

/// <summary>Puts special tokens before, between and after copies of the input; almost always one copy.</summary>
internal sealed class TemplatePostProcessor : PostProcessor
{
    // Null stands for the input.
    private readonly int[]?[] _parts;

    public TemplatePostProcessor(int[] before, int[] after) => _parts = [before, null, after];

    private TemplatePostProcessor(int[]?[] parts) => _parts = parts;

    public static TemplatePostProcessor Of(JsonField field)
    {
        var specials = field.Get("special_tokens").Members().ToDictionary(
            m => m.Name, m => m.Value.Get("ids").Items().Select(i => i.Count()).ToArray());
        var parts = new List<int[]?>();
        foreach (var item in field.Get("single").Items())
        {
            if (item.Find("Sequence") is { } sequence)
            {
                if (sequence.Get("id").Text() != "A") throw sequence.Get("id").Fail("a single input has only the sequence A");
                parts.Add(null);
                continue;
            }
            var name = (item.Find("SpecialToken") ?? throw item.Fail("neither 'Sequence' nor 'SpecialToken' is there")).Get("id");
            parts.Add(specials.GetValueOrDefault(name.Text()) ?? throw name.Fail($"'{name.Text()}' is not among the special_tokens"));
        }
        return new TemplatePostProcessor([.. parts]);
    }

    public override List<FoundToken> Apply(List<FoundToken> tokens, bool addSpecialTokens, Func<int, string?> pieceOf)
    {
        var result = new List<FoundToken>(tokens.Count + 4);
        foreach (int[]? part in _parts)
        {
            if (part is null) result.AddRange(tokens);
            else if (addSpecialTokens) result.AddRange(part.Select(id => new FoundToken(id, 0, 0)));
        }
        return result;
    }
}
