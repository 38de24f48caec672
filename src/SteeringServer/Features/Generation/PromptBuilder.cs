using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using Steering.Engine.Templates;
using Steering.Engine.Tokenization;
using SteeringServer.Errors;
using SteeringServer.Requests;
using TextEncoding = Steering.Engine.Tokenization.Encoding;

namespace SteeringServer.Features.Generation;

/// <summary>Makes tokens of conversations and prompts. Special tokens written out in a message's content are plain text unless the request says otherwise (docs/decisions.md 25).</summary>
internal sealed class PromptBuilder
{
    private readonly LoadedModel _model;
    private readonly int _context;
    private readonly string[] _specialTexts;
    private readonly int _longestToken;

    /// <param name="context">Tokens that fit.</param>
    public PromptBuilder(LoadedModel model, int context)
    {
        (_model, _context) = (model, context);
        var ids = Enumerable.Range(0, model.Tokenizer.VocabularySize);
        _specialTexts = [.. ids.Where(model.Tokenizer.IsSpecial).Select(model.Tokenizer.Piece).OfType<string>()];
        _longestToken = Math.Max(1, ids.Max(id => model.Tokenizer.Bytes(id).Length));
    }

    /// <summary>Renders and encodes a conversation; null where a problem was reported.</summary>
    public PreparedPrompt? OfConversation(Conversation conversation, bool parseSpecial, FieldProblems problems)
    {
        if (Render(conversation, problems) is not { } rendered || IsHopeless("messages", rendered.Text, problems)) return null;
        if (rendered.Spans is null && !parseSpecial && HasSpecialText(conversation.Messages))
        {
            problems.Add("messages", $"a content holds the text of a special token, and this model's template does not allow to tell contents apart "
                + $"({rendered.Reason}); remove it, or send parse_special: true if the token is meant");
            return null;
        }
        var plain = parseSpecial ? [] : rendered.Spans ?? [];
        var encoding = _model.Tokenizer.Encode(rendered.Text, new EncodeOptions { AddSpecialTokens = false, PlainRanges = plain });
        if (encoding.Ids.Length == 0)
        {
            problems.Add("messages", "the conversation renders to no tokens at all; send some text");
            return null;
        }
        var template = rendered.Spans is { } contents ? TemplateSpans(encoding, contents) : [];
        var layout = new PromptLayout(encoding.Ids.Length, BosCount(encoding.Ids), template, rendered.Spans is not null);
        if (rendered.Reason is { } reason) layout = layout with { WhyTemplateUnknown = reason };
        return new PreparedPrompt("messages", ImmutableArray.Create(encoding.Ids), layout, null, []);
    }

    /// <summary>The text a conversation renders to, for those who only want its tokens; null where a problem was reported.</summary>
    public RenderedChat? Render(Conversation conversation, FieldProblems problems)
    {
        var input = new TemplateInput
        {
            Messages = conversation.Messages,
            Tools = conversation.Tools,
            AddGenerationPrompt = conversation.AddGenerationPrompt,
            SpecialTokens = _model.Config.Tokenizer.SpecialTokens,
            Extra = conversation.Variables,
        };
        try
        {
            return ContentSpans.RenderWithSpans(_model.Template!, input);
        }
        catch (TemplateException refusal)
        {
            problems.Add("messages", refusal.IsRaised ? $"the model's chat template refuses this conversation: {refusal.Message}" : $"the model's chat template cannot render this conversation: {refusal.Message}");
            return null;
        }
    }

    /// <summary>Encodes a prompt; null where a problem was reported.</summary>
    /// <param name="echo">Whether the answer will begin with the prompt.</param>
    /// <param name="withOffsets">Whether it will say where each token begins.</param>
    public PreparedPrompt? OfCompletion(CompletionPrompt prompt, bool addSpecial, bool parseSpecial, bool echo, bool withOffsets, FieldProblems problems)
    {
        if (prompt.Text is { } text && IsHopeless(prompt.Path, text, problems)) return null;
        var encoding = prompt.Text is null ? null : _model.Tokenizer.Encode(prompt.Text, new EncodeOptions { AddSpecialTokens = addSpecial, ParseSpecial = parseSpecial });
        var tokens = encoding is null ? prompt.Tokens : ImmutableArray.Create(encoding.Ids);
        if (tokens.IsEmpty)
        {
            problems.Add(prompt.Path, "the prompt has no tokens; send some text");
            return null;
        }
        string? echoed = echo ? prompt.Text ?? _model.Tokenizer.Decode(tokens.AsSpan(), skipSpecialTokens: false) : null;
        var offsets = !(echo && withOffsets) ? [] : encoding is null ? OffsetsOfTokens(tokens) : OffsetsInText(prompt.Text!, encoding);
        return new PreparedPrompt(prompt.Path, tokens, PromptLayout.Plain(tokens.Length, BosCount(tokens.AsSpan())), echoed, offsets);
    }

    // No token is longer than the longest, so a text can be too long without being encoded: a body of 30 MB costs no tokenization.
    private bool IsHopeless(string path, string text, FieldProblems problems)
    {
        long atLeast = text.Length / _longestToken;
        if (atLeast <= _context) return false;
        problems.Add(path, $"the text has {text.Length} characters, which are more than {atLeast} tokens; this model's context is {_context} tokens: shorten "
            + "it", ErrorCode.ContextLengthExceeded);
        return true;
    }

    private bool HasSpecialText(JsonArray messages) => messages.Any(message =>
        message?["content"] is JsonValue content && content.TryGetValue(out string? text) && Array.Exists(_specialTexts, special => text.Contains(special, StringComparison.Ordinal)));

    private int BosCount(ReadOnlySpan<int> tokens)
    {
        int count = 0;
        while (count < tokens.Length && _model.Config.BosTokenIds.Contains(tokens[count])) count++;
        return count;
    }

    // Token spans that share no character with any content. A token across the border belongs to the content: it carries some of its text.
    private static ImmutableArray<(int Start, int End)> TemplateSpans(TextEncoding encoding, ImmutableArray<(int Start, int End)> contents)
    {
        var spans = ImmutableArray.CreateBuilder<(int Start, int End)>();
        int content = 0, start = -1;
        for (int i = 0; i < encoding.Ids.Length; i++)
        {
            var (from, to) = encoding.Offsets[i];
            while (content < contents.Length && contents[content].End <= from) content++;
            bool isTemplate = content == contents.Length || contents[content].Start >= to;
            if (isTemplate && start < 0) start = i;
            if (!isTemplate && start >= 0)
            {
                spans.Add((start, i));
                start = -1;
            }
        }
        if (start >= 0) spans.Add((start, encoding.Ids.Length));
        return spans.ToImmutable();
    }

    // UTF-16 offsets of the tokenizer to code points, which clients in most languages count.
    private static ImmutableArray<int> OffsetsInText(string text, TextEncoding encoding)
    {
        int[] codePoints = new int[text.Length + 1];
        for (int i = 0; i < text.Length; i++)
            codePoints[i + 1] = codePoints[i] + (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 0 : 1);
        return [.. encoding.Offsets.Select(offset => codePoints[Math.Min(offset.Start, text.Length)])];
    }

    private ImmutableArray<int> OffsetsOfTokens(ImmutableArray<int> tokens)
    {
        var decoder = _model.Tokenizer.CreateDecoder(skipSpecialTokens: false);
        int at = 0;
        return [.. tokens.Select(token =>
        {
            int offset = at;
            foreach (var _ in decoder.Append(token).EnumerateRunes()) at++;
            return offset;
        })];
    }
}
