using System.Text;
using System.Text.RegularExpressions;
using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Tests;
using SteeringServer.Hosting;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Effects;

/// <summary>A vector made from eight sentences and sent with the request decides whether a story is about a boy or a girl.</summary>
public sealed partial class BoyGirlTests
{
    private const int Samples = 64;

    // All four that were tried, pooled: one draw of 64 stories scatters by 0.05 at +1 (0.85, 0.79, 0.74, 0.76), which is as far as the bar is from the mean.
    private static readonly int[] Seeds = [1, 2, 3, 4];
    private static readonly Site Site = new(SitePoint.ResidPost, 3);

    private static readonly string[] Boys =
    [
        "Once upon a time, there was a little boy named Tim. He", "One day, a boy named Tim went to the park. He", "Tim was a happy boy. He liked his toys. He",
        "There was a big boy called Ben. His dad",
    ];

    private static readonly string[] Girls =
    [
        "Once upon a time, there was a little girl named Lily. She", "One day, a girl named Lily went to the park. She", "Lily was a happy girl. She liked her toys. She",
        "There was a big girl called Mia. Her mom",
    ];

    [SkippableFact]
    public async Task The_share_of_he_follows_the_strength()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { Models = [new ModelOptions { Path = Repository.Shared("data", "stories260k") }] });
        float[] boy = await MeanAsync(server, Boys), girl = await MeanAsync(server, Girls);
        float[] difference = [.. boy.Zip(girl, (one, other) => one - other)];

        var shares = new Dictionary<double, double>();
        foreach (double strength in new double[] { -2, -1, 0, 1, 2 }) shares[strength] = await ShareOfHeAsync(server, difference, strength);

        string all = string.Join(", ", shares.Select(share => $"{share.Key}: {share.Value:0.00}"));
        Assert.True(shares[-2] < 0.1 && shares[-1] < 0.1, all);
        Assert.True(shares[1] > 0.75 && shares[2] > 0.75, all);
        Assert.True(shares[0] > Math.Max(shares[-1], shares[-2]) && shares[0] < Math.Min(shares[1], shares[2]), all);
    }

    private static async Task<double> ShareOfHeAsync(RunningServer server, float[] difference, double strength)
    {
        var text = new StringBuilder();
        foreach (int seed in Seeds)
        {
            var reply = await server.AnswerAsync(Api.Completions, new
            {
                prompt = "Once upon a time, there was a",
                n = Samples,
                seed,
                max_tokens = 110,
                // The data's README does not say whether BOS was there. Mean share at +1 over these seeds: 0.78 without it, 0.74 with it before the prompt, 0.71 with it
                // before the texts of the vector too.
                add_special_tokens = false,
                temperature = 0.7,
                steering = new { inline = new[] { new { layers = new[] { 3 }, values = difference, strength } } },
            });
            foreach (string story in Enumerable.Range(0, Samples).Select(reply.Text)) text.Append(story).Append(' ');
        }
        double he = He().Count(text.ToString()), she = She().Count(text.ToString());
        return he / (he + she);
    }

    // Mean of the activation over all tokens of all texts.
    private static async Task<float[]> MeanAsync(RunningServer server, string[] texts)
    {
        var (model, engine) = (server.Served.Model, server.Served.Engine);
        int width = model.Sites.Width(Site), count = 0;
        var sum = new double[width];
        foreach (string text in texts)
        {
            int[] tokens = model.Tokenizer.Encode(text, new() { AddSpecialTokens = false }).Ids;
            using var arena = new Arena();
            var rows = arena.Matrix(tokens.Length, width);
            var generation = engine.Submit(new GenerationRequest { Id = "capture", Prompt = [.. tokens], MaxTokens = 0, Captures = [new CaptureRequest(Site, 0, rows)] });
            await foreach (var last in generation.Events.ReadAllAsync()) Assert.Null(last.Error);
            for (int row = 0; row < tokens.Length; row++, count++)
                for (int i = 0; i < width; i++) sum[i] += rows.Row(row)[i];
        }
        return [.. sum.Select(value => (float)(value / count))];
    }

    [GeneratedRegex(@"\b(he|his|him|boy|tim|timmy|ben)\b", RegexOptions.IgnoreCase)]
    private static partial Regex He();

    [GeneratedRegex(@"\b(she|her|girl|lily|mia|sue)\b", RegexOptions.IgnoreCase)]
    private static partial Regex She();
}
