namespace Steering.Tests.Templates;

/// <summary>Loops, scopes and macros; every expectation is what jinja2 3.1.6 renders under CPython 3.11.</summary>
public class TemplateStatementTests
{
    [Theory]
    [InlineData(
        "{% for x in a %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('o', 'e') }};{% endfor %}",
        "10TrueFalse332o;21FalseFalse3213e;32FalseTrue312o;")]
    [InlineData("{% for x in a if x != 2 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}", "1/2:1 2/2:3 ")]
    [InlineData(
        "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k, (u, w) in [(1, (2, 3))] %}{{ k }}{{ u }}{{ w }}{% endfor %}",
        "x=1;y=[1, 2];items=own;123")]
    [InlineData("{% for x in a %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}", "1")]
    [InlineData("{% for x in [] %}a{% else %}none{% endfor %}{% for x in a %}{% continue %}{% else %}else{% endfor %}", "noneelse")]
    [InlineData("{% for n in tree recursive %}{{ n.v }}{{ loop.depth }}{% if n.c %}({{ loop(n.c) }}){% endif %}{% endfor %}", "11(2232(43))")]
    [InlineData("{% set it = a | map('string') %}{% for x in it %}{{ x }}{% break %}{% endfor %}{{ it | list }}", "1['2', '3']")]
    [InlineData("{% set ns = namespace(found=false) %}{% for y in a if not ns.found %}{{ y }}{% set ns.found = true %}{% endfor %}", "1")]
    public void Loops_know_their_place(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));

    [Theory]
    [InlineData("{% set x = 1 %}{% for y in a %}{% set x = x + y %}{{ x }}{% endfor %}{{ x }}", "2341")]
    [InlineData("{% set ns = namespace(n=0) %}{% for y in a %}{% set ns.n = ns.n + y %}{% endfor %}{{ ns.n }}", "6")]
    [InlineData("{% if true %}{% set z = 3 %}{% endif %}{{ z }}", "3")]
    [InlineData("{% if false %}{% set ctx = 3 %}{% endif %}{{ ctx }}", "CTX")]
    [InlineData("[{% for i in [1] %}{{ ctx }}{% endfor %}{% set ctx = 5 %}]{{ ctx }}", "[]5")]
    [InlineData("{% for i in [1, 2] %}{% if i == 2 %}[{{ v }}]{% endif %}{% set v = i %}{% endfor %}", "[]")]
    [InlineData("{% set x %}b {{ a }}{% endset %}[{{ x }}]{% set y | upper %} b{% endset %}[{{ y }}]", "[b [1, 2, 3]][ B]")]
    [InlineData("{% set p, q = 1, 2 %}{{ p }}{{ q }}{% with p = 3 %}{{ p }}{% endwith %}{{ p }}", "1231")]
    [InlineData("{% set x = 1 %}{% generation %}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}", "21")]
    [InlineData("{% filter upper %}abc{% endfilter %}", "ABC")]
    public void Names_belong_to_frames(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));

    [Theory]
    [InlineData(
        "{% macro m(a, b=2, c='x') %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, c=3) }}|{{ m(b=5, a=4) }}|{{ m() }}|{{ m(*[1, 2]) }}|{{ m(**{'a': 9}) }}",
        "1-2-x|1-2-3|4-5-x|-2-x|1-2-x|9-2-x")]
    [InlineData("{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, k=4) }}", "1(2,){'k': 4}")]
    [InlineData("{% macro m(x) %}{{ x }}{% if x > 0 %}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(3) }}", "3210")]
    [InlineData("{% macro m() %}{{ late }}{{ ctx }}{% endmacro %}{% set late = 7 %}{{ m() }}", "7CTX")]
    [InlineData("{% macro m() %}[{{ caller(1) }}]{% endmacro %}{% call(v) m() %}{{ v }}{{ ctx }}{% endcall %}", "[1CTX]")]
    [InlineData("{% for i in a %}{% macro m() %}{{ i }}{{ loop.index }}{% endmacro %}{{ m() }}{% endfor %}", "112233")]
    public void Macros_bind_their_arguments(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));

    [Theory]
    [InlineData(
        "{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%B %d, %Y') }}|{{ strftime_now('%Y-%m-%d %H:%M:%S %-d %A %j %I%p %U %W %V %u %e %y %Z%%') }}",
        "04 Jul 2024|July 04, 2024|2024-07-04 03:05:09 4 Thursday 186 03AM 26 27 27 4  4 24 %")]
    public void Strftime_now_formats_the_pinned_clock(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));
}
