using System.Collections.Immutable;
using Steering.Engine.Interventions;

namespace Steering.Tests.Models;

/// <summary>Recipes over directions that come from reference files, compiled as a request's would be.</summary>
internal static class GoldenRecipe
{
    public static VectorUse Use(Operation operation, double? strength, IEnumerable<string> sites, params (string Role, float[] Values, int Rows)[] tensors)
    {
        ImmutableArray<Site> where = [.. sites.Select(s => Site.TryParse(s, out var site) ? site : throw new ArgumentException(s))];
        return new VectorUse
        {
            Path = "steering.inline[0]",
            Reference = "inline",
            Vector = new SteeringVector
            {
                Name = "inline",
                Version = 0,
                Sha256 = string.Concat(tensors.Select(t => $"{t.Role}{t.Values.Length}:{string.Join(',', t.Values.Take(3))}")),
                Tensors = [.. where.SelectMany(site => tensors.Select(t => new SteeringTensor(site, t.Role, t.Rows, t.Values.Length / t.Rows, [.. t.Values])))],
            },
            Strength = strength,
            Operation = operation,
        };
    }

    public static InterventionPlan Compile(SiteTable sites, int promptLength, params VectorUse[] uses)
    {
        var result = PlanCompiler.Compile(new SteeringSpec([.. uses]), sites, PromptLayout.Plain(promptLength), new DirectionCache());
        Assert.True(result.Plan is not null, string.Join("; ", result.Problems));
        return result.Plan;
    }
}
