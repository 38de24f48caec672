using System.Collections.Immutable;
using System.Text.Json;
using Steering.Engine.Interventions;

namespace SteeringServer.Features.Steering;

/// <summary>Writes the resolved plan of a dry run: what would be done, at which sites, with which coefficients, to which positions.</summary>
internal static class PlanWriter
{
    /// <param name="plans">One a prompt.</param>
    /// <param name="promptTokens">Lengths of the prompts.</param>
    public static void Write(Utf8JsonWriter json, ImmutableArray<InterventionPlan> plans, ImmutableArray<int> promptTokens)
    {
        json.WriteBoolean("dry_run"u8, true);
        json.WriteStartArray("plan"u8);
        for (int prompt = 0; prompt < plans.Length; prompt++)
        {
            json.WriteStartObject();
            json.WriteNumber("prompt"u8, prompt);
            json.WriteNumber("prompt_tokens"u8, promptTokens[prompt]);
            json.WriteString("fingerprint"u8, plans[prompt].Fingerprint);
            json.WriteStartArray("uses"u8);
            for (int use = 0; use < plans[prompt].Uses.Length; use++) WriteUse(json, plans[prompt], use, promptTokens[prompt]);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        ReceiptWriter.WriteWarnings(json, plans);
    }

    private static void WriteUse(Utf8JsonWriter json, InterventionPlan plan, int use, int promptTokens)
    {
        var planned = plan.Uses[use];
        json.WriteStartObject();
        ReceiptWriter.WriteUse(json, planned);
        WritePositions(json, planned.Positions, promptTokens);
        if (planned.Use.Schedule is { Kind: not ScheduleKind.Constant } schedule)
        {
            json.WriteStartObject("schedule"u8);
            json.WriteString("kind"u8, schedule.Kind == ScheduleKind.Linear ? "linear"u8 : "exp"u8);
            json.WriteNumber("to"u8, schedule.To);
            json.WriteNumber("over"u8, schedule.Over);
            json.WriteEndObject();
        }
        json.WriteStartArray("edits"u8);
        foreach (var edit in plan.Edits.Where(edit => edit.Use == use)) WriteEdit(json, edit);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteEdit(Utf8JsonWriter json, PlannedEdit edit)
    {
        json.WriteStartObject();
        json.WriteString("site"u8, edit.Site.ToString());
        json.WriteNumber("rows"u8, edit.Directions.Rows);
        json.WriteNumber("width"u8, edit.Directions.Columns);
        json.WriteNumber("norm"u8, edit.Directions.Norm);
        json.WriteNumber("coefficient"u8, edit.Strength.Start * edit.CoefficientPerStrength);
        json.WriteBoolean("times_token_norm"u8, edit.TimesTokenNorm);
        json.WriteEndObject();
    }

    // Absolute positions, 0 is the first prompt token; an end of null means to the end of the text.
    private static void WritePositions(Utf8JsonWriter json, ResolvedPositions positions, int promptTokens)
    {
        json.WriteStartArray("positions"u8);
        foreach (var (start, end) in positions.Spans)
        {
            json.WriteStartArray();
            json.WriteNumberValue(start);
            if (end == int.MaxValue) json.WriteNullValue();
            else json.WriteNumberValue(end);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        if (positions.Tokens.Length > 0)
        {
            json.WriteStartArray("tokens"u8);
            foreach (int token in positions.Tokens) json.WriteNumberValue(token);
            json.WriteEndArray();
        }
        json.WriteNumber("prompt_positions"u8, positions.CountIn(0, promptTokens));
    }
}
