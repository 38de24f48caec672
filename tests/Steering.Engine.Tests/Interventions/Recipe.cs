using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

/// <summary>Recipes, vectors and a small model's sites for tests: 6 blocks, hidden width 8, heads of 12 together, MLP of 10.</summary>
internal static class Recipe
{
    public const int Blocks = 6, Hidden = 8, Head = 12, Mlp = 10;

    public static SiteTable Sites { get; } = new(Blocks, Hidden, Head, Mlp);
    public static PromptLayout Prompt { get; } = PromptLayout.Plain(10, 1);

    /// <summary>A vector of one random row of the hidden width at each site.</summary>
    public static SteeringVector Vector(params string[] sites) => Of([.. sites.Select((site, i) => Tensor(site, "", 1, Hidden, i))]);

    /// <summary>A plane at each site.</summary>
    public static SteeringVector Plane(params string[] sites) =>
        Of([.. sites.SelectMany((site, i) => new[] { Tensor(site, "b1", 1, Hidden, 2 * i), Tensor(site, "b2", 1, Hidden, 2 * i + 1) })]);

    /// <summary>A vector of given tensors; its SHA-256 is that of their content.</summary>
    public static SteeringVector Of(params SteeringTensor[] tensors)
    {
        string content = string.Join('|', tensors.Select(tensor => $"{tensor.FileName}:{tensor.Rows}:{string.Join(',', tensor.Values)}"));
        return new SteeringVector { Name = "cheerful", Version = 1, Sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content))), Tensors = [.. tensors] };
    }

    public static SteeringTensor Tensor(string site, string role, int rows, int columns, int seed) =>
        new(At(site), role, rows, columns, [.. RandomRows.Floats(new Random(seed), rows * columns)]);

    public static SteeringTensor Values(string site, string role, params float[] values) => new(At(site), role, 1, values.Length, [.. values]);

    public static Site At(string text) => Site.TryParse(text, out var site) ? site : throw new ArgumentException(text);

    public static ImmutableArray<SiteSelector> Select(params string[] texts) =>
        [.. texts.Select(text => SiteSelector.TryParse(text, out var selector) ? selector : throw new ArgumentException(text))];

    public static VectorUse Use(SteeringVector vector, Operation operation = Operation.Add, double? strength = null, int index = 0) =>
        new() { Path = $"steering.use[{index}]", Vector = vector, Reference = vector.Name, Operation = operation, Strength = strength };

    public static VectorUse RotateBy(double? degrees, params string[] sites) => Use(Plane(sites), Operation.Rotate, degrees);

    /// <summary>A low-rank map at resid_post.1, of as many rows as said.</summary>
    public static VectorUse LowRank(int r, int w, int b, int width = Hidden) =>
        Use(Of(Tensor("resid_post.1", "r", r, width, 1), Tensor("resid_post.1", "w", w, width, 2), Tensor("resid_post.1", "b", 1, b, 3)), Operation.LowRank);

    /// <summary>Compiles and expects a plan.</summary>
    public static InterventionPlan Compile(params VectorUse[] uses)
    {
        var result = Try(uses);
        Assert.Empty(result.Problems);
        return result.Plan!;
    }

    public static PlanResult Try(params VectorUse[] uses) => PlanCompiler.Compile(new SteeringSpec([.. uses]), Sites, Prompt, new DirectionCache());

    /// <summary>Compiles and expects exactly one problem.</summary>
    public static SteeringProblem Problem(params VectorUse[] uses)
    {
        var result = Try(uses);
        Assert.Null(result.Plan);
        return Assert.Single(result.Problems);
    }
}
