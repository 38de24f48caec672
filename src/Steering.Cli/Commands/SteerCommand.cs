using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using Steering.Cli.Api;
using Steering.Cli.Commands.Vectors;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary>The command <c>steer</c> with its subcommands.</summary>
internal static class SteerCommand
{
    /// <summary>Runs a command line; returns one of <see cref="ExitCodes"/>.</summary>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellation = default)
    {
        // Numbers are written 0.5 in every country: the same command line works everywhere.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        // A prompt may begin with @, which would otherwise name a file of arguments.
        var line = Create(terminal).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var streams = new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false };
        if (line.Action is ParseErrorAction)
        {
            foreach (var error in line.Errors) await terminal.Error.WriteLineAsync($"error: {TerminalText.Escape(error.Message)}");
            await terminal.Error.WriteLineAsync($"  {PathOf(line)} --help shows what is possible.");
            return ExitCodes.Usage;
        }
        return await line.InvokeAsync(streams, cancellation);
    }

    /// <summary>Gives a command its action: connect, run, and turn failures into messages and exit codes.</summary>
    public static void SetAction(
        Command command, Terminal terminal, ConnectionOptions connection, Func<ParseResult, SteeringClient, CancellationToken, Task> action) =>
        command.SetAction(async (line, cancellation) =>
        {
            try
            {
                using var client = connection.Connect(line, terminal);
                await action(line, client, cancellation);
                return ExitCodes.Success;
            }
            catch (UsageException problem)
            {
                ErrorReport.Write(terminal.Error, problem);
                return ExitCodes.Usage;
            }
            catch (RefusalException problem)
            {
                ErrorReport.Write(terminal.Error, problem);
                return ExitCodes.Failure;
            }
            catch (ApiException problem)
            {
                ErrorReport.Write(terminal.Error, problem);
                return ExitCodes.Failure;
            }
            catch (ConnectionException problem)
            {
                ErrorReport.Write(terminal.Error, problem);
                return ExitCodes.Failure;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                if (terminal.OutputIsTerminal) await terminal.Out.WriteLineAsync();
                return ExitCodes.Cancelled;
            }
        });

    /// <summary>The command that was meant, with those it belongs to: <c>steer vectors list</c>.</summary>
    public static string PathOf(ParseResult line)
    {
        string path = "";
        var result = line.CommandResult;
        for (; result.Parent is CommandResult parent; result = parent) path = $" {result.Command.Name}{path}";
        return "steer" + path;
    }

    private static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand("Generates text with steering: a language model whose activations are edited by named vectors, per request.")
        {
            GenerateCommand.Create(terminal),
            ChatCommand.Create(terminal),
            AttributeCommand.Create(terminal),
            ModelsCommand.Create(terminal),
            VectorsCommand.Create(terminal),
            ExtractCommand.Create(terminal),
            OperationsCommand.Create(terminal),
            DatasetsCommand.Create(terminal),
            CapabilitiesCommand.Create(terminal),
        };
        Examples.AddToHelp(root);
        return root;
    }
}
