using System.CommandLine;
using System.CommandLine.Parsing;
using Steering.Cli.Api;
using Steering.Cli.Recipes;

namespace Steering.Cli.Commands.Vectors;

/// <summary>What the commands below <c>steer vectors</c> have in common. The options are the same objects in all of them, so they may also stand before the subcommand.</summary>
internal sealed class VectorCommandParts(Terminal terminal)
{
    private readonly ConnectionOptions _connection = new();
    private readonly Option<string?> _model = new("--model") { Description = "The model whose vectors they are. Default: the first of the server.", HelpName = "name" };

    public Terminal Terminal => terminal;

    public JsonOption Json { get; } = new();

    /// <summary>Adds the options that say where the server is, and the action.</summary>
    public void SetAction(Command command, Func<ParseResult, VectorStore, CancellationToken, Task> action)
    {
        _connection.AddTo(command);
        command.Add(_model);
        command.Validators.Add(RefuseMisplaced);
        SteerCommand.SetAction(command, terminal, _connection, (line, client, cancellation) => action(line, new VectorStore(client, line.GetValue(_model)), cancellation));
    }

    public static Argument<string> Name()
    {
        var name = new Argument<string>("name") { Description = "The vector." };
        name.Validators.Add(RequireName);
        return name;
    }

    public static Argument<VectorReference> Reference(string description) => new("reference")
    {
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (VectorReference.Parse(text) is { } reference) return reference;
            result.AddError($"'{text}' is not name[@version], such as polite, polite@3 or polite@canary.");
            return null;
        },
    };

    /// <summary>The alias that a command moves.</summary>
    public static Option<string> Alias()
    {
        var alias = new Option<string>("--alias") { Description = "The alias to move.", HelpName = "alias", DefaultValueFactory = _ => "prod" };
        alias.Validators.Add(RequireName);
        return alias;
    }

    /// <summary>Names stand in paths, where any other text could mean another path.</summary>
    public static void RequireName(SymbolResult result)
    {
        foreach (var token in result.Tokens.Where(token => !VectorReference.IsName(token.Value)))
            result.AddError($"'{token.Value}' is not a name: lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit.");
    }

    /// <summary>An option before a subcommand that does not take it would be ignored in silence.</summary>
    public static void RefuseMisplaced(CommandResult result)
    {
        foreach (var option in (result.Parent as CommandResult)?.Children.OfType<OptionResult>().Where(option => !option.Implicit && !result.Command.Options.Contains(option.Option)) ?? [])
            result.AddError($"{option.Option.Name} is not an option of {result.Command.Name}.");
    }
}
