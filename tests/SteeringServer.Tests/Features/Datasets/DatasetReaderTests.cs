using SteeringServer.Features.Datasets;
using SteeringServer.Requests;

namespace SteeringServer.Tests.Features.Datasets;

public sealed class DatasetReaderTests
{
    [Fact]
    public void Json_lines_are_counted_as_an_editor_counts_them()
    {
        var rows = Read("\uFEFF{\"a\": 1}\r\n\n  \n{\"a\": \"x\u2028y\"}\n", DatasetReader.JsonLines);

        Assert.Equal([1, 4], rows.Select(row => row.Line));
        Assert.Equal("x\u2028y", rows[1].Fields.GetProperty("a").GetString());
        Assert.Equal(["a"], DatasetReader.ColumnsOf(rows).AsEnumerable());
    }

    [Fact]
    public void Csv_keeps_quotes_commas_and_line_breaks_and_counts_a_rows_first_line()
    {
        var rows = Read("\uFEFFq,a\r\n\"one, \"\"two\"\"\",\"first\r\nsecond\"\r\nthree, four \r\n", DatasetReader.Csv);

        Assert.Equal([2, 4], rows.Select(row => row.Line));
        Assert.Equal(["one, \"two\"", "first\r\nsecond", "three", " four "], rows.SelectMany(row => new[] { row.Fields.GetProperty("q").GetString()!, row.Fields.GetProperty("a").GetString()! }));
    }

    [Fact]
    public void Every_malformed_line_is_reported_up_to_a_bound()
    {
        var problems = new FieldProblems();
        DatasetReader.Read(string.Join('\n', Enumerable.Repeat("{", 1000)), DatasetReader.JsonLines, "text", problems);

        Assert.True(problems.IsFull);
        Assert.StartsWith("line 1 is not valid JSON", problems.All[0].Message, StringComparison.Ordinal);
        Assert.StartsWith("line 100 is not valid JSON", problems.All[^1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"a\": 1}", DatasetReader.JsonLines)]
    [InlineData("\uFEFF \n{", DatasetReader.JsonLines)]
    [InlineData("prompt,preferred", DatasetReader.Csv)]
    public void Formats_are_recognised(string text, string format) => Assert.Equal(format, DatasetReader.Recognise(text));

    [Theory]
    [InlineData("a,a\n1,2", "twice")]
    [InlineData("", "no rows")]
    [InlineData("a,b\n", "no rows")]
    public void What_is_no_table_says_why(string text, string message)
    {
        var problems = new FieldProblems();
        DatasetReader.Read(text, DatasetReader.Csv, "text", problems);

        Assert.Contains(problems.All, problem => problem.Message.Contains(message, StringComparison.Ordinal));
    }

    private static List<DatasetRow> Read(string text, string format)
    {
        var problems = new FieldProblems();
        var rows = DatasetReader.Read(text, format, "text", problems);
        Assert.Empty(problems.All);
        return rows;
    }
}
