using Spectre.Console;

namespace Steering.Cli.Rendering;

/// <summary>A table: framed for a person, bare columns for a pipe. Cells are plain text; nothing in them is markup or reaches the terminal as a control.</summary>
internal static class Listing
{
    public static void Write(Terminal terminal, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = terminal.OutputIsTerminal ? TableBorder.Rounded : TableBorder.None };
        foreach (string heading in headings) table.AddColumn(new TableColumn(new Text(heading)) { NoWrap = !terminal.OutputIsTerminal });
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(TerminalText.Escape(cell))));
        terminal.Console.Write(table);
    }
}
