using System.CommandLine;
using Steering.Cli.Api;

namespace Steering.Cli.Commands;

/// <summary>Options that go into the request as they are; what is not given is left to the server, which also checks the ranges.</summary>
internal sealed class SamplingOptions(int? defaultMaxTokens)
{
    private readonly Option<string?> _model = new("--model", "-m") { Description = "Model, or model@vector. Otherwise the first model the server lists.", HelpName = "name" };
    private readonly Option<double?> _temperature = new("--temperature", "-t") { Description = "Randomness of sampling; 0 takes the likeliest token each time.", HelpName = "number" };
    private readonly Option<double?> _topP = new("--top-p") { Description = "Sample from the likeliest tokens that together have this probability.", HelpName = "number" };
    private readonly Option<int?> _topK = new("--top-k") { Description = "Sample from the k likeliest tokens; 0 is all.", HelpName = "k" };
    private readonly Option<double?> _minP = new("--min-p") { Description = "Leave out tokens below this share of the likeliest one's probability.", HelpName = "number" };
    private readonly Option<long?> _seed = new("--seed") { Description = "The same seed gives the same text.", HelpName = "number" };
    private readonly Option<string[]> _stop = new("--stop") { Description = "End the text before this string. May be repeated.", HelpName = "text" };

    private readonly Option<int?> _maxTokens = new("--max-tokens", "-n")
    {
        Description = defaultMaxTokens is { } tokens ? $"Longest answer, in tokens; {tokens} unless given." : "Longest answer, in tokens; the rest of the context unless given.",
        HelpName = "n",
    };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_model, _temperature, _topP, _topK, _minP, _seed, _maxTokens, _stop]) command.Add(option);
    }

    /// <summary>The request's body, still without prompt and steering. Asks the server for its models when none is named.</summary>
    public async Task<GenerationBody> ReadAsync(ParseResult line, SteeringClient client, CancellationToken cancellation) => new()
    {
        Model = line.GetValue(_model) ?? await FirstModelAsync(client, cancellation),
        Temperature = line.GetValue(_temperature),
        TopP = line.GetValue(_topP),
        TopK = line.GetValue(_topK),
        MinP = line.GetValue(_minP),
        Seed = line.GetValue(_seed),
        MaxTokens = line.GetValue(_maxTokens) ?? defaultMaxTokens,
        Stop = line.GetValue(_stop) is { Length: > 0 } stop ? stop : null,
    };

    private static async Task<string> FirstModelAsync(SteeringClient client, CancellationToken cancellation)
    {
        var listing = (await client.GetAsync("v1/models", WireJson.Default.ModelListing, cancellation)).Value;
        // model@vector entries are listed too; without being asked, nothing is steered.
        return listing.Data?.FirstOrDefault(model => !model.Id.Contains('@', StringComparison.Ordinal))?.Id
            ?? throw new UsageException("the server lists no model; name one with --model.");
    }
}
