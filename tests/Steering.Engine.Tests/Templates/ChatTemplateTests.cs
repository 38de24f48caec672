using System.Text.Json.Nodes;
using Steering.Engine.Templates;

namespace Steering.Tests.Templates;

public class ChatTemplateTests
{
    [Fact]
    public void The_input_becomes_the_variables_of_the_template()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{{ bos_token }}{{ messages[0].role }}{{ tools }}{{ documents[0].text }}{{ add_generation_prompt }}{{ enable_thinking }}{{ n }}{{ f }}", "test");
        TemplateInput input = TemplateText.Input("""[{"role": "user", "content": "hi"}]""", """{"enable_thinking": false, "n": 3, "f": 3.0}""") with
        {
            Documents = [new JsonObject { ["text"] = "doc" }],
            AddGenerationPrompt = true,
            SpecialTokens = new Dictionary<string, string> { ["bos_token"] = "<s>" },
        };

        Assert.Equal("<s>userNonedocTrueFalse33.0", template.Render(input));
    }

    [Fact]
    public void Tools_that_are_not_given_are_none_and_other_variables_undefined() =>
        Assert.Equal("True True False", TemplateText.Render("{{ tools is defined }} {{ tools is none }} {{ custom_tools is defined }}"));

    [Fact]
    public void Extra_variables_take_precedence_over_special_tokens_but_not_over_the_conversation()
    {
        TemplateInput input = TemplateText.Input("""[{"role": "user"}]""", """{"bos_token": "X", "messages": 1}""") with
        {
            SpecialTokens = new Dictionary<string, string> { ["bos_token"] = "<s>" },
        };

        Assert.Equal("Xuser", ChatTemplate.Parse("{{ bos_token }}{{ messages[0].role }}", "test").Render(input));
    }

    [Theory]
    [InlineData("{{ tools }}", true)]
    [InlineData("{% for t in tools %}{% endfor %}", true)]
    [InlineData("{% macro m() %}{{ tools }}{% endmacro %}", true)]
    [InlineData("{% if x %}{% set tools = 1 %}{% endif %}{{ tools }}", true)]
    [InlineData("{{ messages }}", false)]
    [InlineData("{{ messages[0].tools }}{{ 'tools' }}", false)]
    [InlineData("{% set tools = 1 %}{{ tools }}", false)]
    public void A_template_uses_the_variables_it_reads_from_its_input(string template, bool uses) =>
        Assert.Equal(uses, ChatTemplate.Parse(template, "test").UsesVariable("tools"));

    [Fact]
    public void A_template_renders_on_many_threads_at_once()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{% macro m(x) %}<{{ x }}>{% endmacro %}{% set ns = namespace(n=0) %}{% for i in range(count) %}{% set ns.n = ns.n + i %}{{ m(i) }}{% endfor %}{{ ns.n }}", "test");

        Parallel.For(0, 200, count =>
        {
            string expected = string.Concat(Enumerable.Range(0, count).Select(i => $"<{i}>")) + count * (count - 1) / 2;
            Assert.Equal(expected, template.Render(TemplateText.Input("[]", $$"""{"count": {{count}}}""")));
        });
    }

    [Fact]
    public void Rendering_leaves_its_input_as_it_was()
    {
        TemplateInput input = TemplateText.Input("""[{"role": "user", "content": " hi "}]""");
        string before = input.Messages.ToJsonString();

        ContentSpans.RenderWithSpans(ChatTemplate.Parse("{{ messages[0].content | trim }}", "test"), input);

        Assert.Equal(before, input.Messages.ToJsonString());
    }

    [Fact]
    public void Numbers_made_in_code_keep_their_kind()
    {
        TemplateInput input = TemplateText.Input("[]") with { Extra = new JsonObject { ["i"] = 1, ["l"] = 5_000_000_000, ["d"] = 2.0, ["b"] = true } };

        Assert.Equal("1 5000000000 2.0 True", ChatTemplate.Parse("{{ i }} {{ l }} {{ d }} {{ b }}", "test").Render(input));
    }

    [Fact]
    public void Input_nested_too_deeply_is_a_template_error()
    {
        JsonNode node = new JsonArray();
        for (int i = 0; i < 100_000; i++) node = new JsonArray(node);

        TemplateException failure = Assert.Throws<TemplateException>(() =>
            ChatTemplate.Parse("x", "test").Render(TemplateText.Input("[]") with { Documents = [node] }));

        Assert.Contains("the input cannot be read", failure.Message, StringComparison.Ordinal);
    }
}
