namespace Steering.Engine.Templates;

internal delegate object Filter(Execution execution, object value, Arguments arguments);

/// <summary>The filters by name: those of jinja2 that chat templates use, and tojson as transformers defines it.</summary>
internal static class FilterTable
{
    private static readonly Dictionary<string, Filter> All = new()
    {
        ["abs"] = Filters.Abs,
        ["attr"] = Filters.Attr,
        ["batch"] = SequenceFilters.Batch,
        ["capitalize"] = TextFilters.Capitalize,
        ["center"] = TextFilters.Center,
        ["count"] = SequenceFilters.Length,
        ["d"] = Filters.Default,
        ["default"] = Filters.Default,
        ["dictsort"] = SortFilters.DictSort,
        ["e"] = TextFilters.Escape,
        ["escape"] = TextFilters.Escape,
        ["first"] = SequenceFilters.First,
        ["float"] = Filters.Float,
        ["forceescape"] = TextFilters.Escape,
        ["format"] = TextFilters.Format,
        ["groupby"] = SortFilters.GroupBy,
        ["indent"] = TextFilters.Indent,
        ["int"] = Filters.Int,
        ["items"] = SequenceFilters.Items,
        ["join"] = SequenceFilters.Join,
        ["last"] = SequenceFilters.Last,
        ["length"] = SequenceFilters.Length,
        ["list"] = SequenceFilters.List,
        ["lower"] = TextFilters.Lower,
        ["map"] = SelectionFilters.Map,
        ["max"] = SortFilters.Max,
        ["min"] = SortFilters.Min,
        ["reject"] = (e, value, a) => SelectionFilters.Select(e, value, a, byAttribute: false, keep: false),
        ["rejectattr"] = (e, value, a) => SelectionFilters.Select(e, value, a, byAttribute: true, keep: false),
        ["replace"] = TextFilters.Replace,
        ["reverse"] = SequenceFilters.Reverse,
        ["round"] = Filters.Round,
        ["safe"] = TextFilters.Safe,
        ["select"] = (e, value, a) => SelectionFilters.Select(e, value, a, byAttribute: false, keep: true),
        ["selectattr"] = (e, value, a) => SelectionFilters.Select(e, value, a, byAttribute: true, keep: true),
        ["slice"] = SequenceFilters.Slice,
        ["sort"] = SortFilters.Sort,
        ["string"] = TextFilters.Safe,
        ["sum"] = SequenceFilters.Sum,
        ["title"] = TextFilters.Title,
        ["tojson"] = Filters.ToJson,
        ["trim"] = TextFilters.Trim,
        ["truncate"] = TextFilters.Truncate,
        ["unique"] = SortFilters.Unique,
        ["upper"] = TextFilters.Upper,
        ["wordcount"] = TextFilters.WordCount,
    };

    public static bool Contains(string name) => All.ContainsKey(name);

    public static Filter? Find(string name) => All.GetValueOrDefault(name);
}
