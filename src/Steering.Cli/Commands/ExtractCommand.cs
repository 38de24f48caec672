using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer extract</c>: makes a vector from examples and follows it.</summary>
internal static class ExtractCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = new Argument<string>("data") { Description = "A file of JSON lines or CSV with a prompt, a preferred and a dispreferred answer in each row, or the name of a dataset of the server." };
        var vector = new Option<string>("--vector") { Description = "What the vector is to be called.", HelpName = "name", Required = true };
        var alias = new Option<string[]>("--alias") { Description = "An alias that is to point at the new version. May be repeated.", HelpName = "name" };
        var column = new Option<string[]>("--column") { Description = "prompt=NAME, preferred=NAME or dispreferred=NAME, where columns have other names. May be repeated.", HelpName = "what=name" };
        var promptTemplate = new Option<string?>("--prompt-template") { Description = "What a prompt is put into, with {prompt} for it.", HelpName = "text" };
        var answerTemplate = new Option<string?>("--answer-template") { Description = "What an answer is put into, with {answer} for it.", HelpName = "text" };
        var chat = new Option<bool>("--chat") { Description = "Put prompts into the model's chat template as a user's message." };
        var limit = new Option<int?>("--limit") { Description = "Use only the first rows.", HelpName = "n" };
        var layers = new Option<string[]>("--layers") { Description = "Blocks the vector acts after, such as 4 or 3-6. Otherwise the recommended one. May be repeated.", HelpName = "blocks" };
        var model = new Option<string?>("--model", "-m") { Description = "Model. Otherwise the server's first.", HelpName = "name" };
        var tokens = new Option<string?>("--tokens") { Description = "Which tokens are taken out: both (unless given), positive, negative or absolute.", HelpName = "name" };
        var topK = new Option<int?>("--top-k") { Description = "How many.", HelpName = "n" };
        var summary = new Option<string?>("--summary") { Description = "first_component (unless given) or mean.", HelpName = "name" };
        var form = new Option<string?>("--form") { Description = "paper (unless given) or released: as in the authors' code.", HelpName = "name" };
        var baseline = new Option<string?>("--baseline") { Description = "Where attributions begin: zero (unless given), pad or mean.", HelpName = "name" };
        var rule = new Option<string?>("--rule") { Description = "gauss_legendre (unless given), adaptive, midpoint or trapezoid.", HelpName = "name" };
        var points = new Option<int?>("--points") { Description = "Points of a fixed rule.", HelpName = "n" };
        var detach = new Option<bool>("--detach") { Description = "Return as soon as it has begun." };
        var json = new JsonOption();
        var connection = new ConnectionOptions();
        var command = new Command("extract", "Makes a vector from examples by GrAInS, in the background of the server.")
        {
            data, vector, alias, column, promptTemplate, answerTemplate, chat, limit, layers, model, tokens, topK, summary, form, baseline, rule, points, detach,
        };
        json.AddTo(command);
        connection.AddTo(command);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
        {
            string source = line.GetRequiredValue(data);
            bool isFile = File.Exists(source);
            if (!isFile && source.AsSpan().ContainsAny('/', '\\', '.')) throw new UsageException($"There is no file {source}.");
            var grains = new GrainsBody
            {
                Tokens = line.GetValue(tokens), TopK = line.GetValue(topK), Summary = line.GetValue(summary), Form = line.GetValue(form), Baseline = line.GetValue(baseline), Rule = line.GetValue(rule), Points = line.GetValue(points),
            };
            using var request = SteeringClient.Post("v1/extractions", new ExtractionBody
            {
                Model = line.GetValue(model),
                Vector = line.GetRequiredValue(vector),
                Aliases = NullIfEmpty(line.GetValue(alias)),
                Dataset = isFile ? null : source,
                Text = isFile ? await File.ReadAllTextAsync(source, cancellation) : null,
                Format = isFile ? DatasetsCommand.FormatOf(source) : null,
                Columns = Columns(line.GetValue(column) ?? []),
                PromptTemplate = line.GetValue(promptTemplate),
                AnswerTemplate = line.GetValue(answerTemplate),
                Chat = line.GetValue(chat) ? true : null,
                Limit = line.GetValue(limit),
                Layers = NullIfEmpty(line.GetValue(layers)),
                Grains = grains == new GrainsBody() ? null : grains,
            }, WireJson.Default.ExtractionBody);
            var begun = await client.AskAsync(request, WireJson.Default.LongRunningOperation, cancellation);
            if (line.GetValue(detach)) json.Write(line, terminal, begun, shown => terminal.Out.WriteLine(TerminalText.Escape(shown.Id)));
            else await OperationsCommand.FollowAsync(terminal, json, line, client, begun.Value.Id, cancellation);
        });
        return command;
    }

    private static Dictionary<string, string>? Columns(string[] named)
    {
        if (named.Length == 0) return null;
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string item in named)
        {
            int at = item.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0) throw new UsageException($"--column {item}: expected prompt=NAME, preferred=NAME or dispreferred=NAME.");
            columns[item[..at]] = item[(at + 1)..];
        }
        return columns;
    }

    private static string[]? NullIfEmpty(string[]? items) => items is { Length: > 0 } ? items : null;
}
