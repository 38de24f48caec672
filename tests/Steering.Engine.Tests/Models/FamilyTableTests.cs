using System.Globalization;
using System.Text.RegularExpressions;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Running;

namespace Steering.Tests.Models;

/// <summary>Measures the tables of docs/models.md, and writes them where STEERING_WRITE_DOCS is set.</summary>
public sealed partial class FamilyTableTests
{
    private static readonly string Page = Repository.PathTo("docs", "models.md");

    [Fact]
    public void The_page_says_how_near_every_family_is()
    {
        var rows = GoldenModel.Names.Select(Measure).OrderBy(row => row.Text, StringComparer.Ordinal).ToArray();
        Check("families", "| `model_type` | golden model | weights | logits | sites | sites there are |\n|---|---|---|---|---|---|", rows);
    }

    [SkippableFact]
    public void The_page_says_how_near_every_gguf_file_is()
    {
        string folder = Repository.Shared("golden", "gguf");
        var rows = Directory.GetFiles(folder, "*.gguf").Order(StringComparer.Ordinal).Select(file =>
        {
            using var golden = new GoldenModel(LoadedModel.Load(file, new LoadOptions()), SafetensorsFile.Open(Path.ChangeExtension(file, ".golden.safetensors")));
            double error = Error(golden.Numbers("logits"), golden.Logits(golden.Ids()));
            string stored = string.Join(", ", golden.Model.StoredTypes.Select(type => $"{type.Key} x {type.Value}"));
            return new Row($"| `{golden.Model.Name}` | {golden.Model.Config.Shape.ModelType} | {stored} | {golden.Model.KeptTypes} | {Text(error)} |", [error]);
        }).ToArray();
        Check("gguf", "| golden file | architecture | stored | kept as | logits |\n|---|---|---|---|---|", rows);
    }

    /// <summary>A line of a table and the errors in it.</summary>
    private sealed record Row(string Text, double[] Errors);

    private static void Check(string table, string head, Row[] measured)
    {
        Assert.All(measured.SelectMany(row => row.Errors), error => Assert.InRange(error, 0, 1e-4));
        var place = new Regex($"<!-- {table} -->\n(.*?)<!-- end -->", RegexOptions.Singleline);
        string text = File.ReadAllText(Page);
        if (Environment.GetEnvironmentVariable("STEERING_WRITE_DOCS") is { Length: > 0 })
        {
            text = place.Replace(text, $"<!-- {table} -->\n{head}\n{string.Join('\n', measured.Select(row => row.Text))}\n<!-- end -->");
            File.WriteAllText(Page, text);
        }
        string[] written = [.. place.Match(text).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(2)];

        // Bits are the same on every processor (docs/decisions.md 2); sines, cosines and powers are the C library's, so the last digit may not be.
        Assert.Equal(measured.Select(row => Number().Replace(row.Text, "")), written.Select(line => Number().Replace(line, "")));
        foreach (var (row, line) in measured.Zip(written))
            foreach (var (error, match) in row.Errors.Zip(Number().Matches(line))) Assert.InRange(double.Parse(match.Value, CultureInfo.InvariantCulture), 0.5 * error, 2 * error);
    }

    private static string Text(double error) => error.ToString("0.0e+0", CultureInfo.InvariantCulture);

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
        return new Row($"| `{golden.Model.Config.Shape.ModelType}` | `{name}` | {golden.Model.KeptTypes} | {Text(logitError)} | {Text(siteError)} | {Points(golden.Sites)} |", [logitError, siteError]);
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

    [GeneratedRegex(@"\d\.\de[+-]\d+")]
    private static partial Regex Number();
}
