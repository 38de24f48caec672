using Spectre.Console;
using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>Shows what the server found in a file: its form, where each tensor went, and what is wrong.</summary>
internal static class ReportView
{
    public static void Write(Terminal terminal, ImportReport report)
    {
        if (report.Format is { Length: > 0 } format)
            terminal.Out.WriteLine(TerminalText.Escape($"format {format}{(report.Convention is { Length: > 0 } convention ? $", convention {convention}" : "")}"));
        if (report.Translations is { Count: > 0 } translations)
            Listing.Write(terminal, ["in the file", "site", "note"], translations.Select(item => (string[])[item.Source ?? "", item.Target ?? "", item.Note ?? ""]));
        foreach (string warning in report.Warnings ?? []) WriteLine(terminal, $"warning: {warning}", Color.Yellow);
        // Lines rather than a table: a problem says what was found, what was expected and what to do, and no column is wide enough for that.
        foreach (var problem in report.Problems ?? []) WriteLine(terminal, $"problem: {problem.Field}: {problem.Message} ({problem.Code})", Color.Red);
    }

    private static void WriteLine(Terminal terminal, string text, Color color)
    {
        if (terminal.OutputIsTerminal) terminal.Console.WriteLine(TerminalText.Escape(text), color);
        else terminal.Out.WriteLine(TerminalText.Escape(text));
    }
}
