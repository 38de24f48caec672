using Steering.Engine.Generation;

namespace Steering.Engine.Interventions;

/// <summary>The positions a plan says it edits, so that what an engine counted can be checked.</summary>
public static class SteeringExpectation
{
    /// <summary>
    /// Positions edited per use of the plan. Every prompt token is an input of the model; of the generated tokens all but the last are, since the last one
    /// is only sampled (docs/decisions.md 14). A position counts once per use, however many sites the use has, and not where its strength is 0.
    /// </summary>
    public static SteeringCounts Count(InterventionPlan plan, ReadOnlySpan<int> prompt, ReadOnlySpan<int> generated)
    {
        ArgumentNullException.ThrowIfNull(plan);
        int[] prompts = new int[plan.Uses.Length];
        int[] generations = new int[plan.Uses.Length];
        for (int use = 0; use < plan.Uses.Length; use++)
        {
            // All edits of a use have its positions and its schedule, so the first stands for them; a use at strength 0 has none.
            var edit = plan.Edits.FirstOrDefault(edit => edit.Use == use);
            if (edit is null) continue;
            for (int i = 0; i < prompt.Length; i++)
                if (edit.CoefficientAt(i, prompt[i], prompt.Length) != 0) prompts[use]++;
            for (int i = 0; i < generated.Length - 1; i++)
                if (edit.CoefficientAt(prompt.Length + i, generated[i], prompt.Length) != 0) generations[use]++;
        }
        return new SteeringCounts([.. prompts], [.. generations]);
    }
}
