using System.Globalization;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Steering;

public sealed class SteeringShorthandTests
{
    [Theory]
    [InlineData("0.4 cheerful", "0.4 cheerful")]
    [InlineData("cheerful", "? cheerful")]
    [InlineData("0.4 cheerful@1 - 0.2 formal", "0.4 cheerful@1, -0.2 formal")]
    [InlineData("cheerful + formal", "? cheerful, ? formal")]
    [InlineData("- cheerful", "-1 cheerful")]
    [InlineData("-0.5 cheerful", "-0.5 cheerful")]
    [InlineData("- -0.5 cheerful", "0.5 cheerful")]
    [InlineData("  1e-1   cheerful@prod  ", "0.1 cheerful@prod")]
    public void Terms_are_a_strength_and_a_vector(string text, string expected)
    {
        var (request, problems) = ParsedRequests.Chat("", header: text);

        Assert.Empty(problems.All);
        Assert.Equal(expected, string.Join(", ", request.Steering.Spec.Use.Select(use => $"{use.Strength?.ToString(CultureInfo.InvariantCulture) ?? "?"} {use.Reference}")));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("0.4", "name is missing")]
    [InlineData("0.4 cheerful -", "name is missing after '-'")]
    [InlineData("0.4 cheerful formal", "found 'formal' after 'cheerful'")]
    [InlineData("cheerful+formal", "a vector's name")]
    [InlineData("0.4 cheerful -0.2 formal", "found '-0.2' after 'cheerful'")]
    [InlineData("+ + cheerful", "name is missing after '+'")]
    public void Anything_else_is_explained(string text, string expected)
    {
        var problem = ParsedRequests.Single(ParsedRequests.Chat("", header: text).Problems);

        Assert.Equal("X-Steering", problem.Path);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tiny@cheerful", "? cheerful")]
    [InlineData("tiny@cheerful:0.5", "0.5 cheerful")]
    [InlineData("tiny@cheerful@1:-2", "-2 cheerful@1")]
    [InlineData("tiny@cheerful@prod", "? cheerful@prod")]
    public void A_model_name_can_carry_a_vector(string model, string expected)
    {
        var (request, problems) = ParsedRequests.Chat($"\"model\": \"{model}\",");

        Assert.Empty(problems.All);
        Assert.Equal(expected, string.Join(", ", request.Steering.Spec.Use.Select(use => $"{use.Strength?.ToString(CultureInfo.InvariantCulture) ?? "?"} {use.Reference}")));
        Assert.Equal(model, request.Settings.Model);
    }

    [Fact]
    public void A_model_name_can_carry_a_hash_with_its_colon()
    {
        string hash = ParsedRequests.Profile.Catalog.VersionsOf("formal")[0].Vector.Sha256;

        var use = ParsedRequests.Chat($"\"model\": \"tiny@formal@sha256:{hash}:2\",").Request.Steering.Spec.Use.Single();

        Assert.Equal((2, "formal"), (use.Strength, use.Vector.Name));
    }

    [Fact]
    public void A_strength_in_a_model_name_must_be_one() =>
        Assert.Contains("expected a strength", ParsedRequests.Single(ParsedRequests.Chat("\"model\": \"tiny@cheerful:much\",").Problems).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("\"steering\": \"cheerful\",", "formal", "the field steering and in the header X-Steering")]
    [InlineData("\"steering\": {}, \"model\": \"tiny@cheerful\",", null, "the field steering and in the model's name")]
    public void Steering_from_two_places_is_refused(string members, string? header, string expected)
    {
        var problem = ParsedRequests.Single(ParsedRequests.Chat(members, header).Problems);

        Assert.Equal("steering", problem.Path);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }
}
