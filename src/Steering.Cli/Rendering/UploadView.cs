using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>Shows what came of an upload, and what to type next.</summary>
internal static class UploadView
{
    /// <summary>A file that was stored.</summary>
    public static void Write(Terminal terminal, StoredVector vector)
    {
        if (vector.Report is { } report) ReportView.Write(terminal, report);
        string name = TerminalText.Escape($"{vector.Name}@{vector.Version}");
        terminal.Out.WriteLine($"{name}{(vector.Existing ? " (was there already, with this content)" : "")}");
        terminal.Out.WriteLine($"sha256 {TerminalText.Escape(vector.Sha256 ?? "")}");
        terminal.Out.WriteLine();
        terminal.Out.WriteLine($"Try it:    steer chat \"Tell me a story.\" --steer \"1 {name}\" --unsteered");
        if (vector.Aliases?.Contains("prod") is not true) terminal.Out.WriteLine(TerminalText.Escape($"Serve it:  steer vectors promote {vector.Name} {vector.Version}"));
    }

    /// <summary>A file that was only looked at.</summary>
    public static void Write(Terminal terminal, UploadPreview preview)
    {
        ReportView.Write(terminal, preview);
        if (preview.WouldBe is { } version)
            terminal.Out.WriteLine(TerminalText.Escape(preview.Existing ? $"It is {version} already; uploading it changes nothing." : $"It would be {version}; nothing was stored."));
    }
}
