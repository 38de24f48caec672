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
            "steer vectors upload cheerful.gguf",
        ],
        ["steer generate"] =
        [
            "steer generate \"Once upon a time\"",
            "steer generate \"Once upon a time\" --steer \"2 mood-joyful - 0.5 polite\" --receipt",
            "steer generate \"Once upon a time\" --vector mood-joyful:2 --apply generated --unsteered --seed 7",
            "steer generate --max-tokens 60 --stop . < prompt.txt",
        ],
        ["steer chat"] =
        [
            "steer chat",
            "steer chat \"Tell me a story.\" --steer \"2 mood-sorrowful\" --unsteered",
            "steer chat \"Tell me a story.\" --system \"You are a wise teacher.\" --vector honest --json",
        ],
        ["steer attribute"] =
        [
            "steer attribute \"Once upon a time there was a\" \" castle\"",
            "steer attribute --chat \"Tell me a story.\" \"There once was a pirate.\" --contrast \"There once was a baker.\" --steer genre-sea",
            "steer attribute \"Once\" \" upon a time\" --rule gauss_legendre --points 50 --json",
        ],
        ["steer models"] = ["steer models", "steer models --server http://gpu-box:8080 --api-key $KEY"],
        ["steer vectors"] = ["steer vectors", "steer vectors --json", "steer vectors upload cheerful.gguf --dry-run", "steer vectors promote cheerful 2"],
        ["steer vectors list"] = ["steer vectors list", "steer vectors list --archived"],
        ["steer vectors show"] = ["steer vectors show cheerful", "steer vectors show cheerful@2", "steer vectors show cheerful@canary --json"],
        ["steer vectors upload"] =
        [
            "steer vectors upload cheerful.gguf",
            "steer vectors upload direction.npy --name cheerful --sites resid_post.4 --unit token_norm --metadata author=me --dry-run",
            "steer vectors upload cheerful.safetensors --alias canary",
            "curl -s https://example.org/cheerful.gguf | steer vectors upload - --name cheerful",
        ],
        ["steer vectors promote"] =
        [
            "steer vectors promote cheerful 2",
            "steer vectors promote cheerful canary --if-version 1",
            "steer vectors promote cheerful 3 --alias canary",
        ],
        ["steer vectors rollback"] = ["steer vectors rollback cheerful", "steer vectors rollback cheerful --alias canary"],
        ["steer vectors aliases"] = ["steer vectors aliases cheerful"],
        ["steer vectors download"] =
        [
            "steer vectors download cheerful",
            "steer vectors download cheerful@2 --format gguf -o cheerful.gguf",
            "steer vectors download cheerful -o - | sha256sum",
        ],
        ["steer vectors archive"] = ["steer vectors archive cheerful@1", "steer vectors archive cheerful --yes"],
        ["steer extract"] =
        [
            "steer extract pairs.jsonl --vector honest",
            "steer extract TruthfulQA.csv --vector truthful --column prompt=Question --column preferred=\"Best Answer\" --column dispreferred=\"Best Incorrect Answer\" --chat --limit 50",
            "steer extract pairs --vector honest --layers 3-5 --tokens positive --summary mean --detach",
        ],
        ["steer operations"] = ["steer operations", "steer operations watch 01a21fa08c9e7e6fb8f485169de18269"],
        ["steer operations list"] = ["steer operations list", "steer operations list --json"],
        ["steer operations show"] = ["steer operations show 01a21fa08c9e7e6fb8f485169de18269"],
        ["steer operations watch"] = ["steer operations watch 01a21fa08c9e7e6fb8f485169de18269"],
        ["steer operations cancel"] = ["steer operations cancel 01a21fa08c9e7e6fb8f485169de18269"],
        ["steer operations delete"] = ["steer operations delete 01a21fa08c9e7e6fb8f485169de18269"],
        ["steer datasets"] = ["steer datasets", "steer datasets add pairs.jsonl"],
        ["steer datasets list"] = ["steer datasets list"],
        ["steer datasets add"] = ["steer datasets add pairs.jsonl", "steer datasets add answers.txt --name answers --format csv"],
        ["steer datasets delete"] = ["steer datasets delete pairs"],
        ["steer capabilities"] = ["steer capabilities", "steer capabilities --json"],
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
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in OfCommand[SteerCommand.PathOf(parseResult)]) output.WriteLine("  " + example);
            output.WriteLine();
            output.WriteLine($"Exit codes: {ExitCodes.Success} done, {ExitCodes.Failure} refused or no server reached, "
                + $"{ExitCodes.Usage} wrong command line, {ExitCodes.Cancelled} Ctrl-C.");
            return code;
        }
    }
}
