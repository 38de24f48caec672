namespace Steering.Tests.Templates;

/// <summary>Filters and string methods; every expectation is what jinja2 3.1.6 renders under CPython 3.11.</summary>
public class TemplateFilterTests
{
    [Theory]
    [InlineData(
        "{{ s | trim }}|{{ s | upper }}|{{ \"they're in-side (it)\" | title }}|{{ \"they're\".title() }}|{{ 'aBC' | capitalize }}",
        "Hello Wörld| HELLO WÖRLD |They're In-Side (It)|They'Re|Abc")]
    [InlineData(
        "{{ ['b', 'A', 'a'] | sort }} {{ ['b', 'A'] | sort(case_sensitive=true) }} {{ a | sort(reverse=true) }} {{ ms | sort(attribute='n') | map(attribute='role') | list }}",
        "['A', 'a', 'b'] ['A', 'b'] [3, 2, 1] ['assistant', 'user', 'user']")]
    [InlineData(
        "{{ ms | selectattr('role', 'equalto', 'user') | map(attribute='content') | join(', ') }} {{ ms | rejectattr('n', 'gt', 1) | list | length }} {{ a | select('odd') | list }} {{ a | reject('odd') | list }}",
        "hi, Bye 1 [1, 3] [2]")]
    [InlineData(
        "{{ a | sum }} {{ ms | sum(attribute='n') }} {{ a | max }} {{ ['b', 'A'] | min }} {{ a | batch(2, 'x') | list }} {{ a | slice(2) | list }} {{ ['a', 'A', 'b'] | unique | list }}",
        "6 6 3 A [[1, 2], [3, 'x']] [[1, 2], [3]] ['a', 'b']")]
    [InlineData(
        "{{ {'b': 1, 'A': 2} | dictsort }} {{ d | items | list }} {{ ms | groupby('role') | map(attribute='grouper') | list }} {{ a | reverse | list }} {{ u | reverse }}",
        "[('A', 2), ('b', 1)] [('x', 1), ('y', [1, 2]), ('items', 'own')] ['assistant', 'user'] [3, 2, 1] 😀b😀a")]
    [InlineData(
        "{{ '42' | int }} {{ '4.9' | int }} {{ 'x' | int(9) }} {{ '1f' | int(base=16) }} {{ '3.5' | float }} {{ 2.5 | round }} {{ 2.675 | round(2) }} {{ 42.55 | round(1, 'floor') }} {{ 1250 | round(-2) }} {{ -3 | abs }}",
        "42 4 9 31 3.5 2.0 2.67 42.5 1200 3")]
    [InlineData(
        "{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'foo bar baz qux' | truncate(9) }}|{{ 'a-b c_d' | wordcount }}|{{ 'x' | center(5) }}|{{ '%s-%03d' | format('a', 7) }}|{{ '<&>' | e }}",
        "a\n    b\n\n    c|  a\n  b|foo...|3|  x  |a-007|&lt;&amp;&gt;")]
    [InlineData(
        "{{ 'abcb' | replace('b', '-', 1) }} {{ a | join('-') }} {{ a | first }}{{ a | last }} {{ [none, 1] | join }} {{ 1 | string }} {{ a | map('string') | join }}",
        "a-cb 1-2-3 13 None1 1 123")]
    public void Filters_give_what_jinja2_gives(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));

    [Theory]
    [InlineData("{{ s.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'xxaxx'.lstrip('x') }}|{{ '\\x1c a'.strip() }}", "Hello Wörld|a|axx|a")]
    [InlineData(
        "{{ ' a  b c'.split() }} {{ 'a,b,,c'.split(',') }} {{ 'a b c'.split(none, 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ ' a  b '.rsplit(none, 1) }} {{ ''.split() }} {{ ''.split(',') }}",
        "['a', 'b', 'c'] ['a', 'b', '', 'c'] ['a', 'b c'] ['a,b', 'c'] [' a', 'b'] [] ['']")]
    [InlineData(
        "{{ 'a\nb\r\nc'.splitlines() }} {{ 'abc'.startswith(('x', 'a')) }} {{ 'abc'.endswith('bc') }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('bc') }} {{ 'abc'.replace('', '-') }} {{ '-'.join(['a', 'b']) }}",
        "['a', 'b', 'c'] True True bc a -a-b-c- a-b")]
    [InlineData(
        "{{ u.find('b') }} {{ u.count('😀') }} {{ '-42'.zfill(5) }} {{ 'a1'.isalnum() }} {{ '4²'.isdigit() }} {{ 'ß'.upper() }} {{ 'ΑΣ'.lower() }} {{ 'ǆ'.title() }} {{ 'a|b|c'.rpartition('|') }}",
        "2 2 -0042 True True SS ας ǅ ('a|b', '|', 'c')")]
    [InlineData(
        "{{ '{0} {x:>4}|{0!r}'.format('a', x=1) }} {{ '{:,.2f} {:05d} {:x}'.format(1234567.891, 42, 255) }} {{ '{a[b]}'.format(a={'b': 3}) }} {{ '%5.2f|%-4s|%x|%%' % (2.675, 'a', 255) }}",
        "a    1|'a' 1,234,567.89 00042 ff 3  2.67|a   |ff|%")]
    public void Strings_have_the_methods_of_Python(string template, string expected) => Assert.Equal(expected, TemplateText.Render(template, TemplateText.Variables));
}
