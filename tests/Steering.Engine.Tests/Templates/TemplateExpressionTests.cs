namespace Steering.Tests.Templates;

/// <summary>Values, tests and white space; every expectation is what jinja2 3.1.6 renders under CPython 3.11.</summary>
public class TemplateExpressionTests
{
    [Theory]
    [InlineData("{% if true %}\nx\n{% endif %}\ny", "x\ny")]
    [InlineData("  {% if true %}  \n  x\n  {% endif %}\n", "  \n  x\n")]
    [InlineData("a  {%- if true -%}  b  {%- endif -%}  c", "abc")]
    [InlineData("  {%+ if true %}x{% endif %}", "  x")]
    [InlineData("x{% if true +%}\ny{% endif %}", "x\ny")]
    [InlineData("a {{- 1 -}} b", "a1b")]
    [InlineData("a {{ 1 }}\n b", "a 1\n b")]
    [InlineData("  {# note #}\nx", "x")]
    [InlineData("x {#- note -#} y", "xy")]
    [InlineData("a\n  {% set q = 1 %}  \nb", "a\n  \nb")]
    [InlineData("line\n", "line")]
    [InlineData("line\n\n", "line\n")]
    [InlineData("\n{{ 1 }}\n", "\n1")]
    [InlineData("a\r\n{% if true %}\r\nb\r\n{% endif %}c", "a\nb\nc")]
    [InlineData("{% raw %}\n{{ x }}{% if %}\n{% endraw %}\nz", "\n{{ x }}{% if %}\nz")]
    [InlineData("a {%- raw -%}  {{ x }}  {%- endraw -%}  z", "a{{ x }}z")]
    [InlineData("\t{% if true %}\t\n\tz{% endif %}", "\t\n\tz")]
    [InlineData("x  {% if true %}y{% endif %}  z", "x  y  z")]
    public void Whitespace_control_follows_trim_blocks_and_lstrip_blocks(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));

    [Theory]
    [InlineData("{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % -3 }} {{ -7.5 // 2 }} {{ -7.5 % 2 }}", "3 -4 -2 -4.0 0.5")]
    [InlineData("{{ 7 / 2 }} {{ 6 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}", "3.5 3.0 1024 0.5 64 4")]
    [InlineData(
        "{{ 0.1 + 0.2 }} {{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ -0.0 }} {{ 1.0 }}",
        "0.30000000000000004 1e+16 1000000000000000.0 0.0001 1e-05 -0.0 1.0")]
    [InlineData("{{ big + 1 }} {{ 2 ** 100 }} {{ 0x1F }} {{ 1_000 }}", "123456789012345678901234567891 1267650600228229401496703205376 31 1000")]
    [InlineData("{{ 'ab' * 3 }}{{ [1] * 2 }}{{ (1,) + (2,) }}", "ababab[1, 1](1, 2)")]
    [InlineData(
        "{{ none }} {{ true }} {{ [none, true, 1.0, 'it\\'s', \"q\"] }} {{ {'a': (1,), 2: ()} }}",
        "None True [None, True, 1.0, \"it's\", 'q'] {'a': (1,), 2: ()}")]
    [InlineData("{{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }}", "True False True True True")]
    [InlineData("{{ 2 in a }} {{ 'x' in d }} {{ 'ell' in s }} {{ 5 not in a }} {{ not 1 == 2 }}", "True True True True True")]
    [InlineData("{{ 0 or 'x' }} {{ '' and 1 }} {{ 1 if false }}|{{ 1 if 0 else 2 if 0 else 3 }}", "x  |3")]
    [InlineData("{{ 'a' ~ 1 ~ none }} {{ 'a' ~ 2 * 3 }} {{ 'a' 'b' }}", "a1None a6 ab")]
    [InlineData("{{ a[0] }}{{ a[-1] }}{{ a[5] }}{{ a[::-1] }}{{ a[1:] }}{{ a[:-1] }}{{ a[5:1:-1] }}", "13[3, 2, 1][2, 3][1, 2][3]")]
    [InlineData("{{ d.x }} {{ d['y'][1] }} {{ d.y.0 }} {{ d['items'] }} {{ d.items() | list }}", "1 2 1 own [('x', 1), ('y', [1, 2]), ('items', 'own')]")]
    [InlineData("{{ u[1] }} {{ u[::-1] }} {{ u | length }} {{ u | list }} {{ u[1:3] }}", "😀 😀b😀a 4 ['a', '😀', 'b', '😀'] 😀b")]
    [InlineData("{{ '\\x41\\u00e9\\U0001F600\\101\\n\\q' }}", "Aé😀A\n\\q")]
    [InlineData("{{ 1, 2 }} {{ (1) }} {{ (1,) }} {{ [1, 2,] }}", "(1, 2) 1 (1,) [1, 2]")]
    [InlineData("{{ range(3) }} {{ range(5, 0, -2) | list }} {{ range(10)[2:5] }} {{ 2 in range(3) }}", "range(0, 3) [5, 3, 1] range(2, 5) True")]
    [InlineData("{{ {1: 'a', true: 'b', 1.0: 'c'} }}", "{1: 'c'}")]
    [InlineData("{{ -1 | abs }} {{ a | length > 2 }} {{ not a | length }}", "1 True False")]
    public void Expressions_have_the_values_Python_gives_them(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));

    [Theory]
    [InlineData(
        "[{{ x }}] {{ x is defined }} {{ d.q is undefined }} {{ x | default('D') }} {{ '' | default('D', true) }} {{ none | default('D') }}",
        "[] False True D D None")]
    [InlineData("{% for i in x %}{{ i }}{% else %}empty{% endfor %} {{ x | length }} {{ 1 in x }} {{ x == y }} {{ x ~ 'a' }}", "empty 0 False True a")]
    [InlineData("{{ 'yes' if x else 'no' }} {{ x | list }} {{ x | join }} {{ [] | first is defined }}", "no []  False")]
    public void Undefined_prints_nothing_and_is_empty(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));

    [Theory]
    [InlineData(
        "{{ 1 is number }} {{ true is integer }} {{ true is number }} {{ 1.0 is float }} {{ n is none }} {{ d is mapping }} {{ d is sequence }} {{ 's' is iterable }} {{ 1 is iterable }}",
        "True False True True True True True True False")]
    [InlineData(
        "{{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 1 is sameas 1 }} {{ 1 is eq 1 }} {{ 1 is lt 2 }} {{ 1 is in [1] }} {{ range is callable }} {{ 'a' is lower }} {{ 1 is not none }} {{ false is false }} {{ 1 is true }}",
        "True True True True True True True True True True False")]
    public void Tests_hold_as_in_jinja2(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));

    [Theory]
    [InlineData(
        "{{ d | tojson }} {{ [1, 1.0, none, true, big, 1e100] | tojson }} {{ {1: 2, none: 3, true: 4} | tojson }}",
        "{\"x\": 1, \"y\": [1, 2], \"items\": \"own\"} [1, 1.0, null, true, 123456789012345678901234567890, 1e+100] {\"1\": 4, \"null\": 3}")]
    [InlineData(
        "{{ 'é😀\"\\\\\n\\x01</script>&' | tojson }} {{ 'é😀' | tojson(ensure_ascii=true) }}",
        "\"é😀\\\"\\\\\\n\\u0001</script>&\" \"\\u00e9\\ud83d\\ude00\"")]
    [InlineData("{{ d | tojson(indent=2) }} {{ [] | tojson(indent=2) }}", "{\n  \"x\": 1,\n  \"y\": [\n    1,\n    2\n  ],\n  \"items\": \"own\"\n} []")]
    [InlineData(
        "{{ d | tojson(separators=(',', ':')) }} {{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}",
        "{\"x\":1,\"y\":[1,2],\"items\":\"own\"} {\"a\": 2, \"b\": 1}")]
    public void Tojson_is_json_dumps(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));
}
