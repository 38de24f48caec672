using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer attribute</c>: which tokens make an answer likely.</summary>
internal static class AttributeCommand
{
    public static Command Create(Terminal terminal)
    {
        var prompt = new Argument<string>("prompt") { Description = "Text the answer follows; with --chat a message it answers." };
        var answer = new Argument<string>("answer") { Description = "The answer, taken as it is: begin it with a space where the prompt ends in a word." };
        var contrast = new Option<string?>("--contrast") { Description = "Another answer: what makes the first likelier than this one.", HelpName = "text" };
        var chat = new Option<bool>("--chat") { Description = "Put the prompt into the model's chat template as a user's message." };
        var model = new Option<string?>("--model", "-m") { Description = "Model, or model@vector. Otherwise the server's first.", HelpName = "name" };
        var method = new Option<string?>("--method") { Description = "integrated_gradients (unless given), gradient_times_input or smoothgrad.", HelpName = "name" };
        var baseline = new Option<string?>("--baseline") { Description = "Where the path begins: pad (unless given), mean or zero.", HelpName = "name" };
        var rule = new Option<string?>("--rule") { Description = "adaptive (unless given: adds points until the scores add up), gauss_legendre, midpoint or trapezoid.", HelpName = "name" };
        var points = new Option<int?>("--points") { Description = "Points of a fixed rule.", HelpName = "n" };
        var budget = new Option<int?>("--budget") { Description = "Gradients the adaptive rule may compute.", HelpName = "n" };
        var tolerance = new Option<double?>("--tolerance") { Description = "Share of the difference that the adaptive rule's scores may miss.", HelpName = "number" };
        var steering = new SteeringOptions();
        var json = new JsonOption();
        var connection = new ConnectionOptions();
        var command = new Command("attribute", "Shows which tokens make an answer likely.") { prompt, answer, contrast, chat, model, method, baseline, rule, points, budget, tolerance };
        steering.AddTo(command);
        json.AddTo(command);
        connection.AddTo(command);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
        {
            string text = line.GetValue(prompt)!;
            bool isChat = line.GetValue(chat);
            using var request = SteeringClient.Post("v1/attributions", new AttributionBody
            {
                Model = line.GetValue(model),
                Prompt = isChat ? null : text,
                Messages = isChat ? [new ChatMessage("user", text)] : null,
                Answer = line.GetValue(answer)!,
                Contrast = line.GetValue(contrast),
                Method = line.GetValue(method),
                Baseline = line.GetValue(baseline),
                Rule = line.GetValue(rule),
                Points = line.GetValue(points),
                Budget = line.GetValue(budget),
                Tolerance = line.GetValue(tolerance),
                Steering = steering.Read(line)?.Wire,
            }, WireJson.Default.AttributionBody);
            json.Write(line, terminal, await client.AskAsync(request, WireJson.Default.AttributionReply, cancellation), reply => AttributionView.Write(terminal, reply));
        });
        return command;
    }
}
