using SteeringServer.Requests;

namespace SteeringServer.Tests.Requests;

public sealed class NearestTests
{
    [Theory]
    [InlineData("temprature", " (did you mean 'temperature'?)")]
    [InlineData("max_token", " (did you mean 'max_tokens'?)")]
    [InlineData("x", "")]
    [InlineData("something_else", "")]
    public void Misspelt_names_find_what_was_meant(string name, string expected) => Assert.Equal(expected, Nearest.Hint(name, ["temperature", "max_tokens", "n"]));
}
