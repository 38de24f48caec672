using System.Globalization;
using System.Text.RegularExpressions;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Running;

namespace Steering.Tests.Models;

/// <summary>Measures the table of docs/models.md, and writes it where STEERING_WRITE_DOCS is set.</summary>
public sealed partial class FamilyTableTests
{
    private static readonly string Page = Repository.PathTo("docs", "models.md");

    private sealed record Row(string Family, string Model, string Type, double Logits, double Sites, string Points)
    {
        public string Text => string.Create(CultureInfo.InvariantCulture, $"| `{Family}` | `{Model}` | {Type} | {Logits:0.0e+0} | {Sites:0.0e+0} | {Points} |");
    }

    [Fact]
    public void The_page_says_what_is_measured()
    {
        Row[] measured = [.. GoldenModel.Names.Select(Measure).OrderBy(row => row.Family, StringComparer.Ordinal).ThenBy(row => row.Model, StringComparer.Ordinal)];
        Assert.All(measured, row => Assert.True(row.Logits <= 1e-4 && row.Sites <= 1e-4, row.Text));
        string text = File.ReadAllText(Page);
        if (Environment.GetEnvironmentVariable("STEERING_WRITE_DOCS") is { Length: > 0 })
        {
            string table = string.Join('\n', ["| `model_type` | golden model | weights | logits | sites | sites there are |", "|---|---|---|---|---|---|", .. measured.Select(row => row.Text)]);
            text = Table().Replace(text, $"<!-- families -->\n{table}\n<!-- end -->");
            File.WriteAllText(Page, text);
        }
        string[] written = [.. Table().Match(text).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(2)];

        // Bits are the same on every processor (docs/decisions.md 2); sines, cosines and powers are the C library's, so the last digit may not be.
        Assert.Equal(measured.Select(row => Number().Replace(row.Text, "")), written.Select(line => Number().Replace(line, "")));
        foreach (var (row, line) in measured.Zip(written))
        {
            double[] numbers = [.. Number().Matches(line).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];
            Assert.InRange(numbers[0], 0.5 * row.Logits, 2 * row.Logits);
            Assert.InRange(numbers[1], 0.5 * row.Sites, 2 * row.Sites);
        }
    }

    [Fact]
    public void The_page_lists_every_family()
    {
        string text = File.ReadAllText(Page);
        Assert.All(DecoderFamilies.All, family => Assert.Contains($"\n| `{family.ModelType}` | ", text, StringComparison.Ordinal));
        Assert.Equal(DecoderFamilies.All.Select(family => family.ModelType).Order(StringComparer.Ordinal), GoldenModel.Names.Select(ModelType).Distinct().Order(StringComparer.Ordinal));
    }


    private static string ModelType(string name) => ModelConfig.Load(Repository.PathTo("tests", "Golden", "models", name)).Shape.ModelType;

    private static Row Measure(string name)
    {
        using var golden = new GoldenModel(name);
        using var arena = new Arena();
        int[] ids = golden.Ids();
        var sites = golden.Sites.All.Where(site => golden.Reference.Tensors.ContainsKey(site.ToString())).ToArray();
        var captures = sites.Select(site => new CaptureRequest(site, 0, arena.Matrix(ids.Length, golden.Sites.Width(site)))).ToArray();
        float[] logits = golden.Logits(ids, null, int.MaxValue, captures), longLogits = golden.Logits(golden.Ids("long.input_ids"));
        double logitError = Math.Max(Error(golden.Numbers("logits"), logits), Error(golden.Numbers("long.logits"), longLogits.AsSpan(^golden.Numbers("long.logits").Length..)));
        double siteError = captures.Max(capture => Error(golden.Numbers(capture.Site.ToString()), Enumerable.Range(0, ids.Length).SelectMany(i => capture.Destination.Row(i).ToArray()).ToArray()));
        return new Row(golden.Model.Config.Shape.ModelType, name, golden.Model.WeightType.Name(), logitError, siteError, Points(golden.Sites));
    }

    private static double Error(float[] expected, ReadOnlySpan<float> actual) => GoldenModel.LargestDifference(expected, actual).Error;

    // "all", or what is missing.
    private static string Points(SiteTable sites)
    {
        var missing = Enumerable.Range(0, sites.Count).Select(sites.SiteAt).Where(site => !sites.Exists(site)).GroupBy(site => site.Point).ToArray();
        if (missing.Length == 0) return "all";
        var parts = missing.Select(group => group.Count() == sites.Blocks ? $"`{Site.NameOf(group.Key)}`" : $"`{Site.NameOf(group.Key)}` of blocks {string.Join(", ", group.Select(site => site.Block))}");
        return $"all but {string.Join(", ", parts)}";
    }

    [GeneratedRegex("<!-- families -->\n(.*?)<!-- end -->", RegexOptions.Singleline)]
    private static partial Regex Table();

    [GeneratedRegex(@"\d\.\de[+-]\d+")]
    private static partial Regex Number();
}
