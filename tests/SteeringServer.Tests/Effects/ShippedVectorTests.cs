using System.Text.Json;
using Steering.Tests;
using SteeringServer.Benchmarks.Effect;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Effects;

/// <summary>The shipped vectors move the shipped model through the API as its reference numbers say.</summary>
[Collection(ServerCollection.Name)]
public sealed class ShippedVectorTests(ServerFixture fixture)
{
    private const int Samples = 64;
    private const double Tolerance = 0.2; // of a share: 64 samples here, 128 there

    [Theory]
    [InlineData("mood", "joyful", "mood-joyful", 2, 1)]
    [InlineData("genre", "space", "genre-space", 1, 1)]
    [InlineData("sentiment", "negative", "sentiment", 1, -1)]
    [InlineData("mood", "joyful", "mood-joyful", 0, 1)]
    public async Task They_show_as_often_as_the_reference_says(string attribute, string value, string vector, double strength, int sign)
    {
        using var reference = JsonDocument.Parse(await File.ReadAllBytesAsync(Repository.PathTo("models", "storyworld", "reference.json")));
        string prompt = reference.RootElement.GetProperty("prompts").GetProperty(attribute).GetString()!;
        double expected = reference.RootElement.GetProperty("effect").GetProperty($"{attribute}={value}").GetProperty(JsonSerializer.Serialize(strength)).GetProperty("shows").GetDouble();

        var reply = await fixture.Server.AnswerAsync(Api.Completions, new
        {
            prompt,
            n = Samples,
            seed = 0,
            max_tokens = 160,
            temperature = 0.8,
            top_p = 0.95,
            steering = new { use = new[] { new { vector, strength = sign * strength } } },
        });
        var judge = new Judge(Repository.PathTo("models", "storyworld", "evaluation"));
        double shows = Enumerable.Range(0, Samples).Count(choice => judge.Shows(attribute, reply.Text(choice)) == value) / (double)Samples;

        Assert.True(Math.Abs(shows - expected) <= Tolerance, $"{attribute}={value} at {strength}: {shows:0.000}, the reference has {expected:0.000}");
    }
}
