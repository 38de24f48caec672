using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>Shows one version of a vector.</summary>
internal static class VectorView
{
    /// <param name="report">What its import said; null: not known.</param>
    public static void Write(Terminal terminal, StoredVector vector, ImportReport? report)
    {
        terminal.Out.WriteLine(TerminalText.Escape($"{vector.Name}@{vector.Version}{(vector.Archived ? " (archived)" : "")}"));
        WriteFact(terminal, "aliases", string.Join(", ", vector.Aliases ?? []));
        WriteFact(terminal, "sha256", vector.Sha256);
        WriteFact(terminal, "unit", vector.Unit);
        WriteFact(terminal, "method", vector.Method);
        WriteFact(terminal, "origin", vector.Origin);
        WriteFact(terminal, "created", Plain.Time(vector.Created));
        WriteFact(terminal, "model", vector.ModelFingerprint);
        foreach (var (key, value) in vector.Metadata ?? new Dictionary<string, string>()) WriteFact(terminal, $"metadata {key}", value);
        Listing.Write(terminal, ["site", "role", "shape", "norm", "residual norm"], (vector.Tensors ?? []).Select(tensor => (string[])
        [
            tensor.Site ?? "",
            tensor.Role ?? "",
            string.Join(" x ", tensor.Shape ?? []),
            Plain.Norm(tensor.Norm),
            Plain.Norm(vector.ResidualNorms is { } norms && norms.TryGetValue(tensor.Site ?? "", out double norm) ? norm : null),
        ]));
        if (report is not null) ReportView.Write(terminal, report);
    }

    private static void WriteFact(Terminal terminal, string label, string? value)
    {
        if (!string.IsNullOrEmpty(value)) terminal.Out.WriteLine(TerminalText.Escape($"  {label}: {value}"));
    }
}
