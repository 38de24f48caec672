using System.Collections.Immutable;
using Google.Protobuf.Reflection;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using SteeringServer.Grpc;
using Wire = Steering.V1;

namespace SteeringServer.Features.Steering;

/// <summary>Receipts and plans as messages: what <see cref="ReceiptWriter"/> and <see cref="PlanWriter"/> write as JSON.</summary>
internal static class ReceiptMessages
{
    private static readonly EnumDescriptor Units = Wire.ResolvedUse.Descriptor.FindFieldByName("unit").EnumType, Ops = Wire.ResolvedUse.Descriptor.FindFieldByName("op").EnumType;

    /// <param name="plans">One a prompt; they differ in positions only.</param>
    /// <param name="counts">One a choice, null where the choice has none.</param>
    public static IEnumerable<Wire.AppliedVector> Applied(ImmutableArray<InterventionPlan> plans, ImmutableArray<SteeringCounts?> counts) =>
        plans[0].Uses.Select((planned, use) =>
        {
            var choices = counts.Select(count => Counts(count?.PromptTokens[use] ?? 0, count?.GeneratedTokens[use] ?? 0)).ToList();
            return new Wire.AppliedVector
            {
                Use = Use(planned),
                Total = Counts(choices.Sum(choice => choice.PromptTokensSteered), choices.Sum(choice => choice.GeneratedTokensSteered)),
                Choices = { choices },
            };
        });

    /// <param name="promptTokens">Lengths of the prompts.</param>
    public static IEnumerable<Wire.PromptPlan> Plans(ImmutableArray<InterventionPlan> plans, IEnumerable<int> promptTokens) =>
        plans.Zip(promptTokens, (plan, length) => new Wire.PromptPlan
        {
            PromptTokens = length,
            Fingerprint = plan.Fingerprint,
            Uses = { plan.Uses.Select((planned, use) => Planned(planned, plan.Edits.Where(edit => edit.Use == use), length)) },
        });

    private static Wire.PlannedVector Planned(PlannedUse planned, IEnumerable<PlannedEdit> edits, int promptTokens) => new()
    {
        Use = Use(planned),
        Positions = { planned.Positions.Spans.Select(ToSpan) },
        Tokens = { planned.Positions.Tokens.ToArray() },
        PromptPositions = planned.Positions.CountIn(0, promptTokens),
        Schedule = planned.Use.Schedule is { Kind: not ScheduleKind.Constant } schedule ? new Wire.Schedule
        {
            Kind = schedule.Kind == ScheduleKind.Linear ? Wire.ScheduleKind.Linear : Wire.ScheduleKind.Exp,
            To = schedule.To,
            Over = schedule.Over,
        } : null,
        Edits =
        {
            edits.Select(edit => new Wire.PlannedEdit
            {
                Site = edit.Site.ToString(),
                Rows = edit.Directions.Rows,
                Width = edit.Directions.Columns,
                Norm = edit.Directions.Norm,
                Coefficient = edit.Strength.Start * edit.CoefficientPerStrength,
                TimesTokenNorm = edit.TimesTokenNorm,
            })
        },
    };

    private static Wire.ResolvedUse Use(PlannedUse planned)
    {
        var vector = planned.Use.Vector;
        var use = new Wire.ResolvedUse
        {
            Vector = vector.Name,
            Reference = planned.Use.Reference,
            Sha256 = vector.Sha256,
            Strength = planned.Strength,
            Unit = EnumWords.ValueOf<Wire.Unit>(Units, SteeringNames.Of(planned.Unit)),
            Op = EnumWords.ValueOf<Wire.Op>(Ops, SteeringNames.Of(planned.Use.Operation)),
            Sites = { planned.Sites.Select(site => site.ToString()) },
            Renormalise = planned.Use.Renormalise == Renormalise.Token ? Wire.Renormalise.Token : Wire.Renormalise.None,
        };
        if (!vector.IsInline) use.Version = vector.Version;
        return use;
    }

    private static Wire.SteeredTokens Counts(int prompt, int generated) => new() { PromptTokensSteered = prompt, GeneratedTokensSteered = generated };

    private static Wire.Span ToSpan((int Start, int End) span)
    {
        var message = new Wire.Span { Start = span.Start };
        if (span.End != int.MaxValue) message.End = span.End;
        return message;
    }
}
