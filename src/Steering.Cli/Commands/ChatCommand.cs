using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer chat</c>: answers one message, or holds a conversation.</summary>
internal static class ChatCommand
{
    public static Command Create(Terminal terminal)
    {
        var message = new Argument<string?>("message")
        {
            Description = "Message to answer. Without it a conversation begins: one message a line; /help lists what else can be typed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var system = new Option<string?>("--system") { Description = "System message: who the model is to be.", HelpName = "text" };
        var steering = new SteeringOptions();
        var sampling = new SamplingOptions(defaultMaxTokens: null);
        var answers = new AnswerOptions();
        var connection = new ConnectionOptions();
        var command = new Command("chat", "Answers a message, or holds a conversation.") { message };
        steering.AddTo(command);
        command.Add(system);
        sampling.AddTo(command);
        answers.AddTo(command);
        connection.AddTo(command);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
        {
            var recipe = steering.Read(line);
            var body = await sampling.ReadAsync(line, client, cancellation);
            var answering = new Answering(new AnswerView(client, terminal, answers.Style(line)), answers.Unsteered(line));
            var conversation = new Conversation(body, line.GetValue(system));
            if (line.GetValue(message) is not { } text)
            {
                await new ChatSession(terminal, answering, conversation, recipe).RunAsync(cancellation);
                return;
            }
            var call = conversation.Ask(text);
            answering.RequireSteering(call, recipe);
            await answering.AnswerAsync(call, recipe, cancellation);
        });
        return command;
    }
}
