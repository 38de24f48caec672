using System.Collections.Immutable;

namespace Steering.Engine.Interventions;

/// <summary>Compiles a steering recipe for one model and one prompt: from names, units and rules to coefficients, rows and absolute positions.</summary>
public static class PlanCompiler
{
    /// <summary>Largest |coefficient| * |v|: its square is still finite in f32, so norms are.</summary>
    private const double LargestEdit = 1e18;

    /// <summary>Checks everything and reports every problem at once; a plan comes back only where there is none.</summary>
    public static PlanResult Compile(SteeringSpec spec, SiteTable sites, PromptLayout prompt, DirectionCache cache)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(sites);
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(cache);
        if (spec.Use.IsEmpty) return new PlanResult(InterventionPlan.Empty, []);

        var problems = new ProblemList();
        var warnings = new List<string>();
        var uses = new List<PlannedUse>();
        var edits = new List<PlannedEdit>();
        foreach (var use in spec.Use)
        {
            var parameters = ParameterRules.Resolve(use, problems);
            var strength = StrengthRules.Resolve(use, parameters, problems);
            var positions = PositionResolver.Resolve(use.Apply, prompt, $"{use.Path}.apply", problems, warnings);
            var selected = SiteSelection.Resolve(use, sites, problems, warnings);
            WarnOfOtherModel(use, sites, warnings);

            bool isIdentity = strength.Scheduled.IsZero || positions.IsNever;
            foreach (var site in selected)
            {
                if (DirectionRules.Resolve(use, site, sites, cache, problems) is not { } directions) continue;
                if (CoefficientPerStrength(use, site, strength, directions, problems) is not { } coefficient || isIdentity) continue;
                edits.Add(new PlannedEdit
                {
                    Use = uses.Count,
                    Site = site.Site,
                    Operation = use.Operation,
                    Directions = directions,
                    CoefficientPerStrength = coefficient,
                    TimesTokenNorm = strength.Unit == StrengthUnit.TokenNorm,
                    Parameters = parameters,
                    Strength = strength.Scheduled,
                    Positions = positions,
                    Renormalise = use.Renormalise,
                });
            }
            uses.Add(new PlannedUse(use, strength.Scheduled.Start, strength.Unit, [.. selected.Select(site => site.Site)], positions));
        }
        if (problems.Count > 0) return new PlanResult(null, problems.ToImmutableArray());

        // A stable sort: uses keep their order within a site (docs/decisions.md 13).
        ImmutableArray<PlannedEdit> ordered = [.. edits.OrderBy(edit => edit.Site)];
        return new PlanResult(new InterventionPlan(ordered, [.. uses], [.. warnings], PlanFingerprint.Of(ordered, prompt.Length)), []);
    }

    /// <summary>Turns units into a factor; null where a problem was reported.</summary>
    private static double? CoefficientPerStrength(VectorUse use, SelectedSite site, ResolvedStrength strength, DirectionTensor directions, ProblemList problems)
    {
        if (strength.Unit == StrengthUnit.Degrees) return Math.PI / 180;
        double length = 1;
        if (strength.Unit == StrengthUnit.Rms)
        {
            if (!use.Vector.ResidualNorms.TryGetValue(site.Site, out float norm) || !float.IsFinite(norm) || norm <= 0)
            {
                ReportMissingNorm(use, site, problems);
                return null;
            }
            length = norm;
        }
        // Only add and low_rank read tensors at their stored length; every other operation works on unit rows.
        double stored = use.Operation is Operation.Add or Operation.LowRank ? directions.Norm : 1;
        double coefficient = strength.Unit is StrengthUnit.Rms or StrengthUnit.TokenNorm ? length / stored : length;
        if (double.IsFinite(strength.Scheduled.Largest) && strength.Scheduled.Largest * coefficient * stored > LargestEdit)
        {
            problems.AddAt(site.Path, SteeringProblemCode.BadStrength, site.Site,
                $"the edit at {ProblemList.Sites} would be longer than 1e18, which activations cannot hold: lower the strength");
            return null;
        }
        return coefficient;
    }

    private static void ReportMissingNorm(VectorUse use, SelectedSite site, ProblemList problems)
    {
        string known = use.Vector.ResidualNorms.IsEmpty ? "no residual norms" : $"residual norms for {SiteRanges.Describe(use.Vector.ResidualNorms.Keys)} only";
        problems.AddAt($"{use.Path}.unit", SteeringProblemCode.MissingResidualNorm, site.Site,
            $"unit rms needs the root mean square residual norm of {ProblemList.Sites}; vector {use.Vector.Name} has {known}: "
                + "calibrate the vector there, or use unit raw or token_norm");
    }

    private static void WarnOfOtherModel(VectorUse use, SiteTable sites, List<string> warnings)
    {
        if (use.Vector.ModelFingerprint is { } made && sites.ModelFingerprint is { } loaded && made != loaded)
            warnings.Add($"{SiteSelection.VectorPath(use)}: vector {use.Vector.Name} was made with another model than the one loaded");
    }
}
