using System.Collections.Immutable;

namespace Steering.Engine.Templates;

/// <summary>
/// Tells a chat's own words from the template's: a second rendering has marks around every content, and where taking the marks out gives the plain
/// rendering again, they show the places. Templates that look at a content's edges are met by marking it further inside.
/// </summary>
public static class ContentSpans
{
    /// <summary>Renders a conversation and finds the spans of its contents (string contents, and the text of <c>{"type": "text"}</c> parts).</summary>
    /// <remarks>Contents of white space only are not marked, and where the template trims contents the outer white space of none belongs to a span.</remarks>
    /// <exception cref="TemplateException">As <see cref="ChatTemplate.Render"/>.</exception>
    public static RenderedChat RenderWithSpans(ChatTemplate template, TemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(input);
        string text = template.Render(input);
        if (SpanMarks.TryCreate(text, input) is not { } marks)
            return new RenderedChat(text, null, "the messages use all private characters that could mark their places");

        string reason = "";
        foreach (ContentMarking marking in Enum.GetValues<ContentMarking>())
        {
            var marked = new MarkedMessages(marks, marking);
            if (marked.Mark(input.Messages) is not { } messages) continue;
            try
            {
                string markedText = template.Render(input with { Messages = messages });
                if (marked.Find(markedText, text, out ImmutableArray<(int Start, int End)> spans) is not { } problem)
                    return new RenderedChat(text, spans, null);
                reason = problem;
            }
            catch (TemplateException e)
            {
                // The template looks into contents and does not take the marks: the same as another text.
                reason = $"the template fails on marked contents: {e.Message}";
            }
        }
        return new RenderedChat(text, null, reason);
    }
}
