using System.Text;
using Steering.Engine.Templates;

namespace Steering.Tests.Templates;

/// <summary>What a template cannot do, and how it says so.</summary>
public class TemplateSandboxTests
{
    [Theory]
    [InlineData("{{ ns.l.append(1) }}", "access to attribute 'append' of 'list' object is unsafe.")]
    [InlineData("{{ [3, 1].sort() }}", "access to attribute 'sort' of 'list' object is unsafe.")]
    [InlineData("{{ [1].pop() }}", "access to attribute 'pop' of 'list' object is unsafe.")]
    [InlineData("{{ {'a': 1}.update({}) }}", "access to attribute 'update' of 'dict' object is unsafe.")]
    [InlineData("{{ {'a': 1}.pop('a') }}", "access to attribute 'pop' of 'dict' object is unsafe.")]
    [InlineData("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe.")]
    [InlineData("{{ '{0.__class__.x}'.format(1) }}", "access to attribute '__class__' of 'int' object is unsafe.")]
    public void Changing_a_value_or_reaching_into_Python_is_refused(string template, string message) =>
        Assert.Contains(message, TemplateText.Failure("{% set ns = namespace(l=[]) %}" + template).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ messages.Count }}{{ 'a'.Length }}{{ 'a'.GetType }}{{ messages.GetType }}{{ {}.Keys }}")]
    public void Members_of_dotnet_objects_do_not_exist(string template) => Assert.Equal("", TemplateText.Render(template));

    [Theory]
    [InlineData("{{ x.y }}", "'x' is undefined")]
    [InlineData("{{ {}.a.b }}", "'dict object' has no attribute 'a'")]
    [InlineData("{{ [1][5].b }}", "list object has no element 5")]
    [InlineData("{{ none.a.b }}", "'None' has no attribute 'a'")]
    [InlineData("{{ 1 + x }}", "'x' is undefined")]
    [InlineData("{{ 'a' + 1 }}", "can only concatenate str (not \"int\") to str")]
    [InlineData("{{ 1 + 'a' }}", "unsupported operand type(s) for +: 'int' and 'str'")]
    [InlineData("{{ 1 < 'a' }}", "'<' not supported between instances of 'int' and 'str'")]
    [InlineData("{{ 1 // 0 }}", "integer division or modulo by zero")]
    [InlineData("{{ 5 | length }}", "object of type 'int' has no len()")]
    [InlineData("{{ 'a'() }}", "'str' object is not callable")]
    [InlineData("{{ x | tojson }}", "Object of type Undefined is not JSON serializable")]
    [InlineData("{% for a, b in [(1, 2, 3)] %}{% endfor %}", "too many values to unpack (expected 2)")]
    [InlineData("{% set a = 1 %}{% set a.b = 2 %}", "cannot assign attribute on non-namespace object")]
    [InlineData("{% if true %}{{ 1 | nosuch }}{% endif %}", "No filter named 'nosuch' found.")]
    public void Failures_say_what_Python_would_say(string template, string message)
    {
        TemplateException failure = TemplateText.Failure("\n\n" + template);

        Assert.Equal($"test: line 3: {message}", failure.Message);
        Assert.Equal(3, failure.Line);
        Assert.False(failure.IsRaised);
    }

    [Fact]
    public void Raise_exception_gives_the_template_s_own_message()
    {
        TemplateException failure = TemplateText.Failure("{% if true %}\n{{ raise_exception('Roles must alternate: ' ~ 1) }}{% endif %}");

        Assert.True(failure.IsRaised);
        Assert.Equal("Roles must alternate: 1", failure.Message);
        Assert.Equal(2, failure.Line);
    }

    [Theory]
    [InlineData("a\n{{ 1 + }}", 2)]
    [InlineData("a\n\n{% if x %}b", 3)]
    [InlineData("{{ 'abc }}", 1)]
    [InlineData("{% foo %}", 1)]
    [InlineData("\n{{ (1 }}", 2)]
    [InlineData("{% set 1 = 2 %}", 1)]
    [InlineData("{{ 1 | nosuch }}", 1)]
    [InlineData("{{ 1 is nosuch }}", 1)]
    [InlineData("\n\n{% include 'x' %}", 3)]
    [InlineData("{% break %}", 1)]
    [InlineData("{% for x in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}", 1)]
    [InlineData("{% for x in [] %}{% set loop = 1 %}{% endfor %}", 1)]
    [InlineData("{# never closed", 1)]
    [InlineData("{% raw %} never closed", 1)]
    [InlineData("{{ '\\x4' }}", 1)]
    public void A_template_that_does_not_parse_is_refused_with_its_line(string template, int line)
    {
        var failure = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(template, "broken"));

        Assert.Equal(line, failure.Line);
        Assert.StartsWith($"broken: line {line}: ", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for x in range(99999) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }}{% endfor %}", "the output is longer than 4194304 characters")]
    [InlineData("{% for x in range(9999) %}{% for y in range(9999) %}{% endfor %}{% endfor %}", "more than 1000000 iterations")]
    [InlineData("{{ range(100001) }}", "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).")]
    [InlineData("{{ range(2 ** 62) }}", "Range too big.")]
    [InlineData("{{ 'a' * 99999999 }}", "a string would be longer than 4194304 characters")]
    [InlineData("{{ 'a' * 10 ** 30 }}", "a string would be longer than 4194304 characters")]
    [InlineData("{{ [1] * 99999999 }}", "a container would hold more than 4000000 elements")]
    [InlineData("{{ 'a'.zfill(99999999) }}", "a string would be longer than 4194304 characters")]
    [InlineData("{{ '%99999999d' % 1 }}", "a string would be longer than 4194304 characters")]
    [InlineData("{{ '{:>99999999}'.format(1) }}", "a string would be longer than 4194304 characters")]
    [InlineData("{{ 'ab'.center(2000000000) }}", "a string would be longer than 4194304 characters")]
    [InlineData("{{ 10 ** (10 ** 10) }}", "an integer would have more than 4300 digits")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "a string would be longer than 4194304 characters")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}", "a container would hold more than 4000000 elements")]
    [InlineData("{% set s = 'ab' * 2000000 %}{% for i in range(99999) %}{% set q = s ~ i %}{% endfor %}", "units of work")]
    [InlineData("{% set s = 'ab' * 2000000 %}{% for i in range(99999) %}{% set q = 'ba!' in s %}{% endfor %}", "units of work")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "macro calls are nested deeper than 64 levels")]
    [InlineData("{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}", "more than 1000000 iterations and calls")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "macro calls are nested deeper than 64 levels")]
    [InlineData("{% set ns = namespace() %}{% set ns.self = ns %}{{ ns }}", "maximum recursion depth exceeded")]
    public void A_template_that_asks_for_too_much_is_stopped(string template, string message) =>
        Assert.Contains(message, TemplateText.Failure(template).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    public void Nesting_beyond_the_limit_does_not_parse(string open, string close)
    {
        string template = $"{{{{ {Repeat(open, 5000)}1{Repeat(close, 5000)} }}}}";

        Assert.Contains("nesting deeper than 200 levels", TemplateText.Failure(template).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nested_statements_beyond_the_limit_do_not_parse() =>
        Assert.Contains("nesting deeper than 200 levels", TemplateText.Failure(Repeat("{% if 1 %}", 5000)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(" + 1", "1")]
    [InlineData(" if 0 else 1", "1")]
    [InlineData(" | abs", "1")]
    [InlineData("[0]", "a")]
    public void A_chain_that_is_too_long_fails_or_renders_but_never_ends_the_process(string link, string first)
    {
        string template = $"{{{{ {first}{Repeat(link, 50_000)} }}}}";

        Exception? failure = Record.Exception(() => TemplateText.Render(template));

        Assert.True(failure is null or TemplateException, failure?.ToString());
    }

    [Fact]
    public void Values_nested_without_end_fail_and_do_not_end_the_process()
    {
        const string Template = "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}";

        Assert.Contains("maximum recursion depth exceeded", TemplateText.Failure(Template).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_can_be_set()
    {
        var limits = new TemplateLimits { Output = 10, Iterations = 3 };

        Assert.Equal("0123456789", TemplateText.Render("0123456789", limits: limits));
        Assert.Contains("longer than 10", TemplateText.Failure("0123456789x", limits: limits).Message, StringComparison.Ordinal);
        Assert.Contains("more than 3 iterations", TemplateText.Failure("{% for x in [1, 2, 3, 4] %}{% endfor %}", limits: limits).Message, StringComparison.Ordinal);
    }

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();
}
