using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Steering.Cli.Commands;

/// <summary>Adds examples and the meaning of exit codes to the help text.</summary>
internal static class Examples
{
    private static readonly Dictionary<string, string[]> OfCommand = new(StringComparer.Ordinal)
    {
        ["steer"] =
        [
            "steer chat \"Tell me a story.\" --steer \"2 mood-sorrowful\"",
            "steer vectors",
        ],
        ["generate"] =
        [
            "steer generate \"Once upon a time\"",
            "steer generate \"Once upon a time\" --steer \"2 mood-joyful - 0.5 polite\" --receipt",
            "steer generate \"Once upon a time\" --vector mood-joyful:2 --apply generated --unsteered --seed 7",
            "steer generate --max-tokens 60 --stop . < prompt.txt",
        ],
        ["chat"] =
        [
            "steer chat",
            "steer chat \"Tell me a story.\" --steer \"2 mood-sorrowful\" --unsteered",
            "steer chat \"Tell me a story.\" --system \"You are a wise teacher.\" --vector honest --json",
        ],
        ["models"] = ["steer models", "steer models --server http://gpu-box:8080 --api-key $KEY"],
        ["vectors"] = ["steer vectors", "steer vectors --json"],
        ["capabilities"] = ["steer capabilities", "steer capabilities --json"],
    };

    /// <param name="root">Its help option serves every subcommand.</param>
    public static void AddToHelp(RootCommand root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
    }

    private sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int code = help.Invoke(parseResult);
            var command = parseResult.CommandResult.Command;
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in OfCommand[command is RootCommand ? "steer" : command.Name]) output.WriteLine("  " + example);
            output.WriteLine();
            output.WriteLine($"Exit codes: {ExitCodes.Success} done, {ExitCodes.Failure} the server refused or could not be reached, "
                + $"{ExitCodes.Usage} wrong command line, {ExitCodes.Cancelled} Ctrl-C.");
            return code;
        }
    }
}
