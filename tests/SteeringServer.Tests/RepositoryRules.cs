using System.Text.RegularExpressions;
using System.Xml.Linq;
using Steering.Tests;

namespace SteeringServer.Tests;

/// <summary>The rules of the house (docs/architecture.md) that a test can read.</summary>
public sealed partial class RepositoryRules
{
    private static readonly string[] Sources = [.. new[] { "src", "tests", "benchmarks", "examples", "tools" }
        .SelectMany(folder => Directory.EnumerateFiles(Repository.PathTo(folder), "*", SearchOption.AllDirectories))
        .Where(file => !Built().IsMatch(file))];

    [Fact]
    public void Dependencies_point_one_way()
    {
        var allowed = new Dictionary<string, string[]>
        {
            ["Steering.Compute"] = [],
            ["Steering.Engine"] = ["Steering.Compute"],
            ["Steering.Methods"] = ["Steering.Engine"],
            ["SteeringServer"] = ["Steering.Engine", "Steering.Methods"],
            ["Steering.Cli"] = [],
        };
        var projects = Directory.GetFiles(Repository.PathTo("src"), "*.csproj", SearchOption.AllDirectories);

        Assert.Equal(allowed.Keys.Order(), projects.Select(Path.GetFileNameWithoutExtension).Order());
        foreach (string project in projects)
            Assert.Equal(allowed[Path.GetFileNameWithoutExtension(project)], References(project));
    }

    [Fact]
    public void Only_the_compute_library_is_unsafe_and_nothing_below_the_host_knows_the_web()
    {
        foreach (string project in Directory.GetFiles(Repository.PathTo("src"), "*.csproj", SearchOption.AllDirectories))
        {
            string text = File.ReadAllText(project), name = Path.GetFileNameWithoutExtension(project);
            Assert.Equal(name == "Steering.Compute", text.Contains("AllowUnsafeBlocks", StringComparison.Ordinal));
            Assert.Equal(name == "SteeringServer", text.Contains("Sdk.Web", StringComparison.Ordinal) || text.Contains("AspNetCore", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Loops_of_kernels_are_compiled_apart()
    {
        // Compiled.cs says why: inlined into others they may turn into calls for every operation.
        string kernels = Repository.PathTo("src/Steering.Compute/Cpu");
        var files = Directory.GetFiles(kernels, "*.cs", SearchOption.AllDirectories);
        Assert.Equal(["Compiled.cs"], files.Where(file => File.ReadAllText(file).Contains("AggressiveOptimization", StringComparison.Ordinal)).Select(Path.GetFileName));
        Assert.All(Directory.GetFiles(kernels, "*Job.cs").Where(file => Regex.IsMatch(File.ReadAllText(file), "TLanes.(Load|Broadcast)")), file => Assert.Contains("Compiled.Apart", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void Source_files_are_short()
    {
        var tooLong = Sources.Where(file => file.EndsWith(".cs", StringComparison.Ordinal)).Select(file => (file, Lines: File.ReadLines(file).Count())).Where(f => f.Lines > 300);
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Folders_are_named_for_what_a_reader_looks_for()
    {
        string[] vague = ["Core", "Common", "Utils", "Utilities", "Helpers", "Services", "Managers", "Misc"];
        Assert.DoesNotContain(Sources.SelectMany(file => Path.GetRelativePath(Repository.Root, file).Split(Path.DirectorySeparatorChar)[..^1]), vague.Contains);
    }

    [Fact]
    public void Nothing_reads_as_unfinished()
    {
        string self = Path.Combine("SteeringServer.Tests", "RepositoryRules.cs");
        Assert.DoesNotContain(Sources, file => file.EndsWith(".cs", StringComparison.Ordinal) && !file.EndsWith(self, StringComparison.Ordinal) && Unfinished().IsMatch(File.ReadAllText(file)));
    }

    private static IEnumerable<string?> References(string project) =>
        XDocument.Load(project).Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension((string?)reference.Attribute("Include")));

    [GeneratedRegex(@"[/\\](bin|obj|node_modules|Golden)[/\\]")]
    private static partial Regex Built();

    [GeneratedRegex(@"\bTODO\b|\bFIXME\b|\bHACK\b|NotImplementedException|\[Fact\(Skip")]
    private static partial Regex Unfinished();
}
