using System.CommandLine;
using Steering.Cli.Api;
using Steering.Cli.Rendering;

namespace Steering.Cli.Commands;

/// <summary><c>steer vectors</c>.</summary>
internal static class VectorsCommand
{
    public static Command Create(Terminal terminal) => ListingCommand.Create(
        terminal, "vectors", "Lists the steering vectors that --steer and --vector can name.", "v1/vectors", (client, json) =>
        {
            var listing = client.Parse(json, WireJson.Default.VectorListing);
            Listing.Write(terminal, ["vector", "version", "unit", "sites", "method"], (listing.Data ?? []).Select(vector => (string[])
            [
                vector.Name ?? vector.Id ?? "",
                Plain.Text(vector.Version),
                vector.Unit ?? "",
                Plain.Sites(vector.Sites),
                vector.Method ?? "",
            ]));
        });
}
