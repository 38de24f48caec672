using Spectre.Console;
using Spectre.Console.Rendering;
using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>Two answers growing beside each other in a terminal.</summary>
internal static class SideBySide
{
    /// <summary>Redraws as replies arrive and leaves both whole answers on the screen.</summary>
    /// <param name="console">An interactive console that understands ANSI sequences.</param>
    /// <param name="headings">One for each answer; plain text.</param>
    /// <param name="answers">Filled with the replies.</param>
    /// <param name="replies">Each with the index of the answer it belongs to.</param>
    public static async Task ShowAsync(
        IAnsiConsole console, IReadOnlyList<string> headings, IReadOnlyList<Answer> answers, IAsyncEnumerable<(int Index, GenerationReply Reply)> replies)
    {
        // While it grows, text taller than the screen shows its end; the live picture is then replaced by the whole table, which scrolls.
        await console.Live(Columns(console, headings, answers))
            .AutoClear(true)
            .Overflow(VerticalOverflow.Crop)
            .Cropping(VerticalOverflowCropping.Top)
            .StartAsync(async live =>
            {
                await foreach (var (index, reply) in replies)
                {
                    answers[index].Add(reply);
                    live.UpdateTarget(Columns(console, headings, answers));
                }
            });
        console.Write(Columns(console, headings, answers));
    }

    private static Table Columns(IAnsiConsole console, IReadOnlyList<string> headings, IReadOnlyList<Answer> answers)
    {
        // A border and two spaces of padding for each column, and one border more.
        int width = Math.Max(8, (console.Profile.Width - 1) / headings.Count - 3);
        var table = new Table { Border = TableBorder.Rounded };
        foreach (string heading in headings) table.AddColumn(new TableColumn(new Text(TerminalText.Escape(heading), new Style(decoration: Decoration.Bold))) { Width = width });
        return table.AddRow(answers.Select(IRenderable (answer) => new Text(TerminalText.Escape(answer.Text))));
    }
}
