using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Generation;

public sealed class CompletionRequestReaderTests
{
    [Theory]
    [InlineData("\"text\"", "text")]
    [InlineData("\"\"", "")]
    [InlineData("[\"a\", \"b\"]", "a|b")]
    [InlineData("[1, 2, 3]", "[1,2,3]")]
    [InlineData("[[1], [2, 3]]", "[1]|[2,3]")]
    [InlineData("[\"a\", [4]]", "a|[4]")]
    public void Prompts_come_in_four_forms(string json, string expected)
    {
        var (request, problems) = ParsedRequests.Completion($"\"prompt\": {json},");

        Assert.Empty(problems.All);
        Assert.Equal(expected, string.Join('|', request.Prompts.Select(prompt => prompt.Text ?? $"[{string.Join(',', prompt.Tokens)}]")));
    }

    [Theory]
    [InlineData("null", "prompt", "is missing")]
    [InlineData("[]", "prompt", "an empty list")]
    [InlineData("5", "prompt", "found 5")]
    [InlineData("[1, \"a\"]", "prompt[1]", "a token id")]
    [InlineData("[100]", "prompt[0]", "from 0 to 99")]
    [InlineData("[-1]", "prompt[0]", "from 0 to 99")]
    [InlineData("[\"a\", {}]", "prompt[1]", "a string or a list of token ids")]
    [InlineData("[[1], []]", "prompt[1]", "an empty list")]
    [InlineData("[[1], [1, 200]]", "prompt[1][1]", "from 0 to 99")]
    public void Prompts_that_are_none_are_refused(string json, string path, string expected)
    {
        var problem = ParsedRequests.Single(ParsedRequests.Completion($"\"prompt\": {json},").Problems);

        Assert.Equal(path, problem.Path);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_of_the_evaluation_harness_is_read()
    {
        var (request, problems) = ParsedRequests.Completion("\"model\": \"tiny\", \"prompt\": [[1, 2, 3]], \"max_tokens\": 0, \"temperature\": 0, \"logprobs\": 1, \"seed\": 1234, \"echo\": true,");

        Assert.Empty(problems.All);
        Assert.Equal((true, 0, 1, 1234UL), (request.Echo, request.Settings.MaxTokens, request.Settings.Logprobs, request.Settings.Sampling.Seed));
    }

    [Fact]
    public void More_sequences_than_the_server_holds_are_refused_before_anything_runs() =>
        Assert.Contains("66 sequences", ParsedRequests.Single(ParsedRequests.Completion("\"prompt\": [\"a\", \"b\"], \"n\": 33,").Problems).Message, StringComparison.Ordinal);

    [Fact]
    public void The_logprobs_of_chat_are_explained() =>
        Assert.Contains("belong to chat", ParsedRequests.Single(ParsedRequests.Completion("\"prompt\": \"a\", \"logprobs\": true,").Problems).Message, StringComparison.Ordinal);
}
