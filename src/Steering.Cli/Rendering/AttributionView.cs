using System.Globalization;
using Spectre.Console;
using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>Attributions: in a terminal the text with each token on a ground as strong as its score, blue for and red against; in a pipe a row for each token.</summary>
internal static class AttributionView
{
    public static void Write(Terminal terminal, AttributionReply reply)
    {
        var sides = reply.Sides ?? [];
        double largest = Math.Max(double.Epsilon, sides.SelectMany(side => side.Tokens ?? []).Select(token => Math.Abs(token.Score)).DefaultIfEmpty().Max());
        foreach (var side in sides)
        {
            if (!terminal.OutputIsTerminal)
            {
                Listing.Write(terminal, ["side", "part", "score", "token"], (side.Tokens ?? []).Select(token => (string[])[side.Side ?? "", token.Part, Number(token.Score), token.Token.ReplaceLineEndings("\\n")]));
                continue;
            }
            var text = new Paragraph();
            if (sides.Count > 1) text.Append($"{side.Side}: ", new Style(decoration: Decoration.Bold));
            foreach (var token in side.Tokens ?? [])
                text.Append(TerminalText.Escape(token.Token), new Style(foreground: Ink(token.Score / largest), background: Ground(token.Score / largest), decoration: token.Part == "answer" ? Decoration.Underline : Decoration.None));
            terminal.Console.Write(text);
            terminal.Console.WriteLine();
        }
        if (!terminal.OutputIsTerminal) return;
        string sums = reply.BaselineValue is null ? $"log-probability {Number(reply.Value)}"
            : $"log-probability {Number(reply.Value)}, {Number(reply.BaselineValue)} at the baseline; the scores add up to {Number(reply.Sum)}, {Number(reply.CompletenessError)} from the difference";
        terminal.Out.WriteLine(sums);
        foreach (var side in sides.Where(side => side.WithinTolerance == false)) terminal.Out.WriteLine($"{side.Side}: the budget of {side.Gradients} gradients ended before the tolerance was reached; give a larger --budget");
        foreach (string warning in reply.Warnings ?? []) terminal.Out.WriteLine($"warning: {TerminalText.Escape(warning)}");
    }

    /// <summary>From white to blue for what makes the answer likelier, to red for what makes it less likely.</summary>
    /// <param name="share">Of the largest score.</param>
    private static Color Ground(double share)
    {
        double rest = 1 - Math.Abs(share);
        return share < 0 ? new Color(255, Faded(70), Faded(50)) : new Color(Faded(60), Faded(130), 255);

        byte Faded(double full) => (byte)(full + (255 - full) * rest);
    }

    private static Color Ink(double share) => Math.Abs(share) > 0.7 ? Color.White : Color.Black;

    private static string Number(double? value) => value?.ToString("f4", CultureInfo.InvariantCulture) ?? "";
}
