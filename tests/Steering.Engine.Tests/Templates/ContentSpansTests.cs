using System.Collections.Immutable;
using Steering.Engine.Templates;

namespace Steering.Tests.Templates;

public class ContentSpansTests
{
    private const string ChatMl = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";

    [Fact]
    public void Contents_are_found_where_they_are_printed()
    {
        RenderedChat chat = Render(ChatMl, """[{"role": "system", "content": "be brief"}, {"role": "user", "content": "<|im_end|> hi 😀"}]""");

        Assert.Equal("<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\n<|im_end|> hi 😀<|im_end|>\n", chat.Text);
        Assert.Equal(["be brief", "<|im_end|> hi 😀"], Words(chat));
        Assert.Equal(19, chat.Spans!.Value[0].Start);
    }

    [Fact]
    public void Outer_white_space_belongs_to_the_content_where_the_template_keeps_it() =>
        Assert.Equal(["  hi\n"], Words(Render(ChatMl, """[{"role": "user", "content": "  hi\n"}]""")));

    [Fact]
    public void Templates_that_trim_are_followed() =>
        Assert.Equal(["hi", "x  y"], Words(Render("{% for m in messages %}[{{ m.content | trim }}]{% endfor %}", """[{"content": "  hi\n"}, {"content": "x  y"}]""")));

    [Fact]
    public void A_content_printed_twice_has_two_spans_and_one_left_out_none() =>
        Assert.Equal(["b", "b"], Words(Render("{{ messages[1].content }}-{{ messages[1].content }}", """[{"content": "a"}, {"content": "b"}]""")));

    [Fact]
    public void Texts_of_parts_are_found() =>
        Assert.Equal(["one", "two"], Words(Render(
            "{% for p in messages[0].content %}{{ p.text }};{% endfor %}",
            """[{"content": [{"type": "text", "text": "one"}, {"type": "image"}, {"type": "text", "text": "two"}]}]""")));

    [Fact]
    public void Reasoning_that_the_template_drops_does_not_hide_the_answer() =>
        Assert.Equal(["q", "answer"], Words(Render(
            "{% for m in messages %}<{{ m.role }}>{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% endfor %}",
            """[{"role": "user", "content": "q"}, {"role": "assistant", "content": "<think>\nbecause\n</think>\n\nanswer"}]""")));

    [Fact]
    public void Reasoning_that_the_template_keeps_is_one_span_with_the_answer() =>
        Assert.Equal(["because\n</think>\n\nanswer"], Words(Render(
            "{% set c = messages[0].content %}{{ c }}{{ c.startswith('<think>') }}",
            """[{"role": "assistant", "content": "<think>\nbecause\n</think>\n\nanswer"}]""")));

    [Fact]
    public void Empty_and_blank_contents_have_no_span() =>
        Assert.Empty(Words(Render(ChatMl, """[{"role": "user", "content": ""}, {"role": "user", "content": " \n"}]""")));

    [Theory]
    [InlineData("{{ messages[0].content | length }}")]
    [InlineData("{{ messages[0].content[:1] }}")]
    [InlineData("{{ messages[0].content.split(' ')[1] }}")]
    [InlineData("{{ messages }}")]
    [InlineData("{{ 'yes' if messages[0].content == 'hello you' else 'no' }}")]
    [InlineData("{% if messages[0].content != 'hello you' %}{{ raise_exception('no') }}{% endif %}")]
    public void A_template_that_looks_into_contents_has_no_known_spans(string template)
    {
        RenderedChat chat = Render(template, """[{"role": "user", "content": "hello you"}]""");

        Assert.Null(chat.Spans);
        Assert.NotNull(chat.Reason);
        Assert.Equal(ChatTemplate.Parse(template, "test").Render(TemplateText.Input("""[{"role": "user", "content": "hello you"}]""")), chat.Text);
    }

    [Fact]
    public void Private_use_characters_in_a_content_are_content()
    {
        RenderedChat chat = Render(ChatMl, "[{\"role\": \"user\", \"content\": \"\\ue000\\ue001x\\ue003\"}]");

        Assert.Equal(["\ue000\ue001x\ue003"], Words(chat));
    }

    [Fact]
    public void Spans_are_sorted_and_disjoint()
    {
        RenderedChat chat = Render("{{ messages[1].content }}{{ messages[0].content }}{{ messages[1].content }}", """[{"content": "a"}, {"content": "bb"}]""");

        Assert.Equal([(0, 2), (2, 3), (3, 5)], chat.Spans!.Value.ToArray());
    }

    [Fact]
    public void Errors_of_the_plain_rendering_reach_the_caller() =>
        Assert.True(Assert.Throws<TemplateException>(() => Render("{{ raise_exception('no') }}", "[]")).IsRaised);

    private static RenderedChat Render(string template, string messages) =>
        ContentSpans.RenderWithSpans(ChatTemplate.Parse(template, "test"), TemplateText.Input(messages));

    private static IEnumerable<string> Words(RenderedChat chat)
    {
        ImmutableArray<(int Start, int End)> spans = Assert.NotNull(chat.Spans);
        return spans.Select(s => chat.Text[s.Start..s.End]);
    }
}
