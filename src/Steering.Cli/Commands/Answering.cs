using System.Security.Cryptography;
using Steering.Cli.Api;
using Steering.Cli.Rendering;
using Steering.Cli.Recipes;

namespace Steering.Cli.Commands;

/// <summary>What generate and chat share: steer a request, and show its answer with or without the unsteered one beside it.</summary>
internal sealed class Answering(AnswerView view, bool besideUnsteered)
{
    /// <summary>Returns the steered text.</summary>
    public Task<string> AnswerAsync(GenerationCall call, SteeringRecipe? recipe, CancellationToken cancellation)
    {
        if (recipe is not null) call = call with { Body = call.Body with { Steering = recipe.Wire.DeepClone() } };
        if (!besideUnsteered || !IsSteered(call, recipe)) return view.ShowAsync(call, cancellation);
        // Without a common seed the texts would differ by chance, and nobody could tell what the steering did.
        call = call with { Body = call.Body with { Seed = call.Body.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue) } };
        return view.ShowBesideUnsteeredAsync(call, recipe?.Label ?? call.Body.Model!, cancellation);
    }

    /// <exception cref="UsageException">A comparison was asked for and there is nothing to compare.</exception>
    public void RequireSteering(GenerationCall call, SteeringRecipe? recipe)
    {
        if (besideUnsteered && !IsSteered(call, recipe)) throw new UsageException("--unsteered compares with a steered answer: add --steer or --vector.");
    }

    private static bool IsSteered(GenerationCall call, SteeringRecipe? recipe) => recipe is not null || call.Body.Model?.Contains('@', StringComparison.Ordinal) is true;
}
