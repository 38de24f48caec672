using Steering.Cli.Api;
using Steering.Cli.Recipes;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary>
/// A conversation read line by line. At a terminal an error is shown and the conversation goes on; from a pipe the first error ends it, as a script expects.
/// </summary>
internal sealed class ChatSession(Terminal terminal, Answering answering, Conversation conversation, SteeringRecipe? recipe)
{
    private const string Help = """
        /steer 2 mood-joyful - 0.5 polite   steer from now on
        /steer off                          stop steering
        /steer                              show the steering
        /reset                              forget the conversation
        /quit                               leave (also Ctrl-D and Ctrl-C)
        Anything else is a message.
        """;

    private SteeringRecipe? _recipe = recipe;

    public async Task RunAsync(CancellationToken cancellation)
    {
        if (terminal.InputIsTerminal) terminal.Out.WriteLine("Type a message, or /help.");
        var lines = new InputLines(terminal.In);
        while (true)
        {
            if (terminal.InputIsTerminal) terminal.Out.Write("> ");
            string? line = await lines.NextAsync(cancellation);
            if (line is null || line.Trim() is "/quit" or "/exit") return;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                if (line.StartsWith('/')) Obey(line.Trim());
                else conversation.Keep(line, await answering.AnswerAsync(conversation.Ask(line), _recipe, cancellation));
            }
            catch (UsageException problem) when (terminal.InputIsTerminal)
            {
                ErrorReport.Write(terminal.Error, problem);
            }
            catch (ApiException problem) when (terminal.InputIsTerminal)
            {
                ErrorReport.Write(terminal.Error, problem);
                terminal.Error.WriteLine("  The message was not kept. /reset begins a new conversation, /steer off stops steering.");
            }
            catch (ConnectionException problem) when (terminal.InputIsTerminal)
            {
                ErrorReport.Write(terminal.Error, problem);
            }
        }
    }

    private void Obey(string line)
    {
        string[] words = line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case ["/help"]:
                terminal.Out.WriteLine(Help);
                break;
            case ["/reset"]:
                conversation.Reset();
                terminal.Out.WriteLine("The conversation is forgotten.");
                break;
            case ["/steer"]:
                terminal.Out.WriteLine(_recipe is null ? "Not steered." : $"Steered: {TerminalText.Escape(_recipe.Label)}");
                break;
            case ["/steer", "off"]:
                _recipe = null;
                terminal.Out.WriteLine("Not steered.");
                break;
            case ["/steer", var shorthand]:
                _recipe = SteeringRecipe.From(shorthand, [], null);
                terminal.Out.WriteLine($"Steered: {TerminalText.Escape(shorthand)}");
                break;
            default:
                throw new UsageException($"{words[0]} is not known here; /help lists what is.");
        }
    }
}
