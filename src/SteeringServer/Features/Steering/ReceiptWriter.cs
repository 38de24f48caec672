using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using SteeringServer.Requests;

namespace SteeringServer.Features.Steering;

/// <summary>
/// Writes the receipt: which vectors were applied, how strongly, where, and to how many positions. Counts are sums over the request's choices; with several
/// choices each one's counts are listed too.
/// </summary>
internal static class ReceiptWriter
{
    /// <param name="plans">One a prompt; they differ in positions only.</param>
    /// <param name="counts">One a choice, null where the choice has none.</param>
    public static void Write(Utf8JsonWriter json, ImmutableArray<InterventionPlan> plans, ReadOnlySpan<SteeringCounts?> counts)
    {
        json.WriteStartArray("applied"u8);
        for (int use = 0; use < plans[0].Uses.Length; use++)
        {
            json.WriteStartObject();
            WriteUse(json, plans[0].Uses[use]);
            int prompt = 0, generated = 0;
            foreach (var count in counts)
            {
                prompt += count?.PromptTokens[use] ?? 0;
                generated += count?.GeneratedTokens[use] ?? 0;
            }
            WriteCounts(json, prompt, generated);
            if (counts.Length > 1) WriteChoices(json, counts, use);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteWarnings(json, plans);
    }

    /// <summary>The members that say what a use is, the same in receipts and dry runs.</summary>
    public static void WriteUse(Utf8JsonWriter json, PlannedUse planned)
    {
        var vector = planned.Use.Vector;
        json.WriteString("vector"u8, vector.Name);
        if (vector.IsInline) json.WriteNull("version"u8);
        else json.WriteNumber("version"u8, vector.Version);
        json.WriteString("reference"u8, planned.Use.Reference);
        json.WriteString("sha256"u8, vector.Sha256);
        json.WriteNumber("strength"u8, planned.Strength);
        json.WriteString("unit"u8, SteeringNames.Of(planned.Unit));
        json.WriteString("op"u8, SteeringNames.Of(planned.Use.Operation));
        json.WriteTexts("sites", planned.Sites.Select(site => site.ToString()));
        if (planned.Use.Renormalise == Renormalise.Token) json.WriteString("renormalise"u8, "token"u8);
    }

    public static void WriteWarnings(Utf8JsonWriter json, ImmutableArray<InterventionPlan> plans) => json.WriteTexts("warnings", Warnings(plans));

    public static IEnumerable<string> Warnings(ImmutableArray<InterventionPlan> plans) => plans.SelectMany(plan => plan.Warnings).Distinct();

    /// <summary>The header <c>X-Steering-Applied</c>: <c>mood-joyful@1:2, inline:-1</c>.</summary>
    public static string Header(InterventionPlan plan) => string.Join(", ", plan.Uses.Select(planned =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{planned.Use.Vector.Name}{(planned.Use.Vector.IsInline ? "" : $"@{planned.Use.Vector.Version}")}:{planned.Strength:R}")));

    private static void WriteChoices(Utf8JsonWriter json, ReadOnlySpan<SteeringCounts?> counts, int use)
    {
        json.WriteStartArray("choices"u8);
        for (int choice = 0; choice < counts.Length; choice++)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, choice);
            WriteCounts(json, counts[choice]?.PromptTokens[use] ?? 0, counts[choice]?.GeneratedTokens[use] ?? 0);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteCounts(Utf8JsonWriter json, int prompt, int generated)
    {
        json.WriteNumber("prompt_tokens_steered"u8, prompt);
        json.WriteNumber("generated_tokens_steered"u8, generated);
    }
}
