using System.Text;
using SteeringServer.Errors;
using SteeringServer.Requests;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Requests;

public sealed class JsonBodyTests
{
    [Theory]
    [InlineData("", "The body is empty")]
    [InlineData("{\"a\": 1", "line 1, byte 8")]
    [InlineData("{\n  \"a\": tru\n}", "line 2, byte")]
    [InlineData("{\"a\": 1, \"a\": 2}", "a")]
    [InlineData("{} {}", "line 1")]
    [InlineData("[1]", "a list of one; send a JSON object")]
    [InlineData("\"text\"", "'text'; send a JSON object")]
    public void Broken_json_is_refused_with_its_place(string json, string expected)
    {
        var error = ParsedRequests.Refused(() => JsonBody.Parse(Encoding.UTF8.GetBytes(json)));

        Assert.Equal((400, ErrorCode.InvalidJson), (error.Status, error.Code));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_is_bounded()
    {
        var error = ParsedRequests.Refused(() => JsonBody.Parse(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}")));

        Assert.Contains("depth", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Broken_utf8_is_refused_with_its_place()
    {
        var error = ParsedRequests.Refused(() => JsonBody.Parse(new byte[] { (byte)'{', (byte)'"', 0xC3, 0x28, (byte)'"', (byte)':', (byte)'1', (byte)'}' }));

        Assert.Equal(ErrorCode.InvalidUtf8, error.Code);
        Assert.Contains("byte 2", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"a\": \"\\ud83d\"}")]
    [InlineData("{\"a\": [\"\\udc00\\ud800\"]}")]
    [InlineData("{\"\\ud800\": 1}")]
    public void Half_of_a_surrogate_pair_is_refused(string json) =>
        Assert.Equal(ErrorCode.InvalidUtf8, ParsedRequests.Refused(() => JsonBody.Parse(Encoding.UTF8.GetBytes(json))).Code);

    [Fact]
    public void Whole_surrogate_pairs_and_a_byte_order_mark_are_read()
    {
        using var body = JsonBody.Parse(Encoding.UTF8.GetBytes("\uFEFF{\"a\": \"\\ud83d\\ude00\"}"));

        Assert.Equal("😀", body.Root.GetProperty("a").GetString());
    }
}
