using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>Shows what the server says it applied.</summary>
internal static class ReceiptTable
{
    public static void Write(Terminal terminal, SteeringReceipt? receipt)
    {
        if (receipt?.Applied is { Count: > 0 } applied)
        {
            Listing.Write(terminal, ["vector", "version", "strength", "unit", "sites", "tokens steered"], applied.Select(vector => (string[])
            [
                vector.Vector ?? "(inline)",
                Plain.Text(vector.Version),
                Plain.Text(vector.Strength),
                vector.Unit ?? "",
                Plain.Sites(vector.Sites),
                $"{vector.PromptTokensSteered ?? 0} prompt, {vector.GeneratedTokensSteered ?? 0} generated",
            ]));
        }
        else
        {
            terminal.Out.WriteLine("No steering was applied.");
        }
        foreach (var warning in receipt?.Warnings ?? []) terminal.Out.WriteLine($"warning: {TerminalText.Escape(Plain.Text(warning))}");
    }
}
