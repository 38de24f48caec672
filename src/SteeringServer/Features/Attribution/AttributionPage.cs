using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using SteeringServer.Features.Generation;

namespace SteeringServer.Features.Attribution;

/// <summary>Attributions as a page by itself: each token on a ground as strong as its score, and the numbers below. No script, nothing is loaded.</summary>
internal static class AttributionPage
{
    private const string Head = """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Attribution</title>
        <style>
        :root { color-scheme: light dark; --for: 33, 120, 200; --against: 210, 70, 50 }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
        .text { font: 17px/2.1 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
        .text span { padding: .25em 0; border-radius: 3px }
        .answer { border-bottom: 2px solid }
        .key span { padding: .1em .5em; border-radius: 3px }
        details { margin: 1rem 0 }
        td, th { text-align: right; padding: .1em .8em; font-variant-numeric: tabular-nums }
        td:first-child, th:first-child { text-align: left; font-family: ui-monospace, monospace; white-space: pre }
        </style>
        <h1>Attribution</h1>

        """;

    public static async Task SendAsync(HttpContext context, AttributionMap map, TokenNames names)
    {
        byte[] page = Encoding.UTF8.GetBytes(Render(map, names));
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = page.Length;
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        await context.Response.Body.WriteAsync(page, context.RequestAborted);
    }

    private static string Render(AttributionMap map, TokenNames names)
    {
        var page = new StringBuilder(Head);
        page.Append(CultureInfo.InvariantCulture, $"<p>{Text(map.Model)}: log-probability of the answer{(map.Sides.Length > 1 ? " less that of the contrast" : "")} {map.Value:f3}");
        if (double.IsFinite(map.BaselineValue)) page.Append(CultureInfo.InvariantCulture, $", {map.BaselineValue:f3} at the baseline; scores add up to {map.Sum:f3}, {map.Sum - (map.Value - map.BaselineValue):+0.000;-0.000} from the difference");
        page.Append("</p>\n<p class=\"key\"><span style=\"background: rgba(var(--for), .5)\">makes it likelier</span> <span style=\"background: rgba(var(--against), .5)\">makes it less likely</span>, the answer is underlined</p>\n");
        double largest = Math.Max(double.Epsilon, map.Sides.Max(side => side.Result.Scores.Max(Math.Abs)));
        foreach (var side in map.Sides) Render(page, side, largest, names);
        foreach (string warning in map.Warnings) page.Append(CultureInfo.InvariantCulture, $"<p>{Text(warning)}</p>\n");
        return page.Append("</html>\n").ToString();
    }

    private static void Render(StringBuilder page, AttributionSide side, double largest, TokenNames names)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h2>{(side.Name == "answer" ? "Answer" : "Contrast, counted negatively")}</h2>\n<p class=\"text\">");
        for (int i = 0; i < side.Tokens.Length; i++)
        {
            double score = side.Result.Scores[i];
            page.Append(CultureInfo.InvariantCulture, $"<span{(i < side.PromptLength ? "" : " class=\"answer\"")} style=\"background: rgba(var(--{(score < 0 ? "against" : "for")}), {Math.Abs(score) / largest:f3})\" title=\"{score:f4}\">{Text(names.Of(side.Tokens[i]))}</span>");
        }
        string within = side.Result.IsWithinTolerance switch { true => ", within the tolerance", false => ", and the budget ended before the tolerance was reached", null => "" };
        page.Append(CultureInfo.InvariantCulture, $"</p>\n<details><summary>{side.Tokens.Length} tokens, {side.Result.Gradients} gradients{within}</summary>\n<table><tr><th>token<th>id<th>score\n");
        for (int i = 0; i < side.Tokens.Length; i++) page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(names.Of(side.Tokens[i]))}<td>{side.Tokens[i]}<td>{side.Result.Scores[i]:f4}\n");
        page.Append("</table></details>\n");
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
