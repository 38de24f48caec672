using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer capabilities</c>.</summary>
internal static class CapabilitiesCommand
{
    public static Command Create(Terminal terminal) => ListingCommand.Create(
        terminal, "capabilities", "Shows what the server can do: model, sites that can be steered, operations, units, limits.", "v1/capabilities",
        WireJson.Default.JsonElement, document => Outline.Write(terminal.Out, document));
}
