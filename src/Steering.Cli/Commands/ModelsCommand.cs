using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer models</c>.</summary>
internal static class ModelsCommand
{
    public static Command Create(Terminal terminal) => ListingCommand.Create(
        terminal, "models", "Lists the models that --model can name; model@vector is a model steered by a promoted vector.", "v1/models", WireJson.Default.ModelListing,
        listing => Listing.Write(terminal, ["model", "owned by"], (listing.Data ?? []).Select(model => (string[])[model.Id, model.OwnedBy ?? ""])));
}
