using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Steering.Engine.Interventions;

/// <summary>The identity of a plan's effect: equal fingerprints on one model and prompt mean equal numbers.</summary>
internal static class PlanFingerprint
{
    /// <summary>Changes with the encoding, so that no stored fingerprint is read by another rule.</summary>
    private const int Version = 1;

    /// <summary>Lower-case hexadecimal SHA-256 of whatever can change a number; empty for no edits.
    /// Names, paths and the use an edit came from are left out.</summary>
    /// <param name="edits">In forward order of sites and list order within a site.</param>
    /// <param name="promptLength">Counts only where a schedule counts from it.</param>
    public static string Of(ImmutableArray<PlannedEdit> edits, int promptLength)
    {
        if (edits.IsEmpty) return "";
        using var buffer = new MemoryStream();
        using (var writer = new BinaryWriter(buffer))
        {
            writer.Write(Version);
            writer.Write(edits.Length);
            foreach (var edit in edits)
            {
                writer.Write(edit.Site.ToString());
                writer.Write((int)edit.Operation);
                writer.Write(edit.Directions.Rows);
                writer.Write(edit.Directions.Sha256);
                writer.Write(edit.CoefficientPerStrength);
                writer.Write(edit.TimesTokenNorm);
                writer.Write((int)edit.Renormalise);
                WriteParameters(writer, edit.Parameters);
                WriteStrength(writer, edit.Strength, promptLength);
                WritePositions(writer, edit.Positions);
            }
        }
        return Convert.ToHexStringLower(SHA256.HashData(buffer.ToArray()));
    }

    private static void WriteParameters(BinaryWriter writer, OperationParameters parameters)
    {
        foreach (double? value in (ReadOnlySpan<double?>)[parameters.Value, parameters.Min, parameters.Max, parameters.ToDegrees])
        {
            writer.Write(value is not null);
            writer.Write(value ?? 0);
        }
        writer.Write(parameters.Relu);
        writer.Write((int)(parameters.Rotation ?? RotationMode.By));
    }

    private static void WriteStrength(BinaryWriter writer, ScheduledStrength strength, int promptLength)
    {
        writer.Write(strength.Start);
        writer.Write((int)strength.Schedule.Kind);
        if (strength.Schedule.Kind == ScheduleKind.Constant) return;
        writer.Write(strength.Schedule.To);
        writer.Write(strength.Schedule.Over);
        writer.Write(promptLength);
    }

    private static void WritePositions(BinaryWriter writer, ResolvedPositions positions)
    {
        writer.Write(positions.SpanCount);
        foreach (var (start, end) in positions.Spans)
        {
            writer.Write(start);
            writer.Write(end);
        }
        writer.Write(positions.Tokens.Length);
        foreach (int token in positions.Tokens) writer.Write(token);
    }
}
