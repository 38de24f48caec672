using System.Text.Json;
using System.Text.RegularExpressions;
using Steering.Tests;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests;

/// <summary>The first screen of the README says what the server really answers.</summary>
[Collection(ServerCollection.Name)]
public sealed partial class ReadmeTests(ServerFixture fixture)
{
    private static readonly string Readme = File.ReadAllText(Repository.PathTo("README.md"));

    [Fact]
    public async Task The_request_on_the_first_screen_gives_the_answer_and_the_receipt_printed_there()
    {
        string body = Body().Match(Readme).Groups[1].Value;
        var quotes = Quote().Matches(Readme).Select(quote => quote.Groups[1].Value).ToList();
        var steered = await fixture.Server.AnswerAsync(Api.Chat, body);
        var plain = await fixture.Server.AnswerAsync(Api.Chat, body.Replace(", \"steering\": \"2 mood-joyful\"", "", StringComparison.Ordinal));

        Assert.Equal([steered.Text(), plain.Text()], quotes);
        var applied = steered.Steering.GetProperty("applied")[0];
        foreach (var member in Api.Parse(Receipt().Match(Readme).Groups[1].Value).EnumerateObject())
            Assert.Equal(JsonSerializer.Serialize(member.Value), JsonSerializer.Serialize(applied.GetProperty(member.Name)));
    }

    [GeneratedRegex(@"-d '\s*(\{.*\})'")]
    private static partial Regex Body();

    [GeneratedRegex("^> (.*)$", RegexOptions.Multiline)]
    private static partial Regex Quote();

    [GeneratedRegex(@"```json\s*(\{.*?\})\s*```", RegexOptions.Singleline)]
    private static partial Regex Receipt();
}
