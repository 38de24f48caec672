using System.CommandLine;
using Steering.Cli.Recipes;

namespace Steering.Cli.Commands;

/// <summary>Options that say how to steer.</summary>
internal sealed class SteeringOptions
{
    private readonly Option<string?> _steer = new("--steer", "-s")
    {
        Description = "Vectors with strengths: \"2 mood-joyful - 0.5 polite\" (a minus needs a space on both sides), or the API's JSON object.",
        HelpName = "recipe",
    };

    private readonly Option<string[]> _vectors = new("--vector", "-v")
    {
        Description = "One vector: name[@version][:strength], strength 1 unless given. May be repeated, and adds to --steer.",
        HelpName = "vector",
    };

    private readonly Option<string?> _apply = new("--apply")
    {
        Description = "Which tokens are steered: all (as without this option), prompt, generated, decode (generated and the last of the prompt), or the API's JSON object, "
            + "such as '{\"prompt_window\":[-4,null]}'.",
        HelpName = "positions",
    };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_steer, _vectors, _apply]) command.Add(option);
    }

    /// <summary>Null when nothing was asked for.</summary>
    /// <exception cref="UsageException">An option cannot be read, or two contradict.</exception>
    public SteeringRecipe? Read(ParseResult line)
    {
        string? steer = line.GetValue(_steer), apply = line.GetValue(_apply);
        var vectors = line.GetValue(_vectors) ?? [];
        return SteeringRecipe.From(steer, vectors, apply);
    }
}
