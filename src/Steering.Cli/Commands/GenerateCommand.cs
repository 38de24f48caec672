using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer generate</c>: continues a text.</summary>
internal static class GenerateCommand
{
    /// <summary>The API's own default for completions, 16, ends in mid-sentence.</summary>
    private const int DefaultMaxTokens = 128;

    public static Command Create(Terminal terminal)
    {
        var prompt = new Argument<string?>("prompt")
        {
            Description = "Text to continue. Without it, standard input is read; one line break at its end is dropped.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var steering = new SteeringOptions();
        var sampling = new SamplingOptions(DefaultMaxTokens);
        var answers = new AnswerOptions();
        var connection = new ConnectionOptions();
        var command = new Command("generate", "Continues a text.") { prompt };
        steering.AddTo(command);
        sampling.AddTo(command);
        answers.AddTo(command);
        connection.AddTo(command);
        SteerCommand.SetAction(command, terminal, connection, async (line, client, cancellation) =>
        {
            var recipe = steering.Read(line);
            string text = line.GetValue(prompt) ?? await ReadPromptAsync(terminal, cancellation);
            var call = GenerationCall.Completion(await sampling.ReadAsync(line, client, cancellation), text);
            var answering = new Answering(new AnswerView(client, terminal, answers.Style(line)), answers.Unsteered(line));
            answering.RequireSteering(call, recipe);
            await answering.AnswerAsync(call, recipe, cancellation);
        });
        return command;
    }

    private static async Task<string> ReadPromptAsync(Terminal terminal, CancellationToken cancellation)
    {
        if (terminal.InputIsTerminal) throw new UsageException("no prompt: give one as an argument or through a pipe.");
        string text = await terminal.In.ReadToEndAsync(cancellation);
        text = text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        return text.Length > 0 ? text : throw new UsageException("no prompt: standard input is empty.");
    }
}
