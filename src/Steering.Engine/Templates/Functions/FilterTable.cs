namespace Steering.Engine.Templates;

internal delegate object Filter(Execution execution, object value, Arguments arguments);

/// <summary>The filters by name: those of jinja2 that chat templates use, and tojson as transformers defines it.</summary>
internal static class FilterTable
{
    private static readonly Dictionary<string, Filter> All = new()
    {
        ["abs"] = Plain("abs", Filters.Abs),
        ["attr"] = Filters.Attr,
        ["batch"] = SequenceFilters.Batch,
        ["capitalize"] = Plain("capitalize", TextFilters.Capitalize),
        ["center"] = TextFilters.Center,
        ["count"] = Plain("count", SequenceFilters.Length),
        ["d"] = Filters.Default,
        ["default"] = Filters.Default,
        ["dictsort"] = SortFilters.DictSort,
        ["e"] = Plain("e", TextFilters.Escape),
        ["escape"] = Plain("escape", TextFilters.Escape),
        ["first"] = Plain("first", SequenceFilters.First),
        ["float"] = Filters.Float,
        ["forceescape"] = Plain("forceescape", TextFilters.Escape),
        ["format"] = TextFilters.Format,
        ["groupby"] = SortFilters.GroupBy,
        ["indent"] = TextFilters.Indent,
        ["int"] = Filters.Int,
        ["items"] = Plain("items", SequenceFilters.Items),
        ["join"] = SequenceFilters.Join,
        ["last"] = Plain("last", SequenceFilters.Last),
        ["length"] = Plain("length", SequenceFilters.Length),
        ["list"] = Plain("list", SequenceFilters.List),
        ["lower"] = Plain("lower", TextFilters.Lower),
        ["map"] = SelectionFilters.Map,
        ["max"] = SortFilters.Max,
        ["min"] = SortFilters.Min,
        ["reject"] = (e, value, a) => SelectionFilters.Select(e, value, a, byAttribute: false, keep: false),
        ["rejectattr"] = (e, value, a) => SelectionFilters.Select(e, value, a, byAttribute: true, keep: false),
        ["replace"] = TextFilters.Replace,
        ["reverse"] = Plain("reverse", SequenceFilters.Reverse),
        ["round"] = Filters.Round,
        ["safe"] = Plain("safe", TextFilters.Safe),
        ["select"] = (e, value, a) => SelectionFilters.Select(e, value, a, byAttribute: false, keep: true),
        ["selectattr"] = (e, value, a) => SelectionFilters.Select(e, value, a, byAttribute: true, keep: true),
        ["slice"] = SequenceFilters.Slice,
        ["sort"] = SortFilters.Sort,
        ["string"] = Plain("string", TextFilters.Safe),
        ["sum"] = SequenceFilters.Sum,
        ["title"] = Plain("title", TextFilters.Title),
        ["tojson"] = Filters.ToJson,
        ["trim"] = TextFilters.Trim,
        ["truncate"] = TextFilters.Truncate,
        ["unique"] = SortFilters.Unique,
        ["upper"] = Plain("upper", TextFilters.Upper),
        ["wordcount"] = Plain("wordcount", TextFilters.WordCount),
    };

    public static bool Contains(string name) => All.ContainsKey(name);

    public static Filter? Find(string name) => All.GetValueOrDefault(name);

    private static Filter Plain(string name, Func<Execution, object, object> filter) => (execution, value, arguments) =>
    {
        arguments.RequireNone(name);
        execution.Charge(value is string text ? text.Length : 1);
        return filter(execution, value);
    };
}
