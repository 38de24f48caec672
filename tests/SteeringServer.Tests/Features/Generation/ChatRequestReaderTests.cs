using SteeringServer.Errors;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Generation;

public sealed class ChatRequestReaderTests
{
    [Fact]
    public void Everything_a_request_says_is_read()
    {
        var (request, problems) = ParsedRequests.Chat("""
            "model": "tiny", "stream": true, "stream_options": {"include_usage": true}, "n": 3, "seed": -5, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.05,
            "stop": ["a", "b"], "max_completion_tokens": 7, "min_tokens": 2, "ignore_eos": true, "logprobs": true, "top_logprobs": 3, "frequency_penalty": 0.1,
            "presence_penalty": -0.2, "repetition_penalty": 1.1, "logit_bias": {"5": -100, "7": 2.5}, "stop_token_ids": [3], "parse_special": true,
            "chat_template_kwargs": {"thinking": false}, "response_format": {"type": "text"}, "metadata": {"a": "b"}, "store": false, "service_tier": "auto",
            "parallel_tool_calls": true, "safety_identifier": "s", "prompt_cache_key": "k",
            """);

        Assert.Empty(problems.All);
        var settings = request.Settings;
        Assert.Equal((true, true, 3, 7, 2, true, 3), (settings.Stream, settings.IncludeUsage, settings.Choices, settings.MaxTokens, settings.MinTokens, settings.IgnoreEos, settings.Logprobs));
        Assert.Equal(["a", "b"], settings.Stop.ToArray());
        Assert.Equal([3], settings.StopTokens.ToArray());
        var sampling = settings.Sampling;
        Assert.Equal((0.5, 0.9, 40, 0.05), (sampling.Temperature, sampling.TopP, sampling.TopK, sampling.MinP));
        Assert.Equal((0.1, -0.2, 1.1, unchecked((ulong)-5L)), (sampling.FrequencyPenalty, sampling.PresencePenalty, sampling.RepetitionPenalty, sampling.Seed));
        Assert.Equal([(5, -100f), (7, 2.5f)], sampling.LogitBias.Select(pair => (pair.Key, pair.Value)));
    }

    [Fact]
    public void What_a_request_does_not_say_comes_from_the_model()
    {
        var (request, _) = ParsedRequests.Chat("");

        Assert.Equal((0.8, 0.95, 1, null), (request.Settings.Sampling.Temperature, request.Settings.Sampling.TopP, request.Settings.Choices, request.Settings.MaxTokens));
        Assert.True(request.Settings.Sampling.Seed < 1UL << 53, "a seed that JavaScript can hold");
        Assert.False(request.Steering.IsPresent);
    }

    [Theory]
    [InlineData("temperature", "2.1", "from 0 to 2")]
    [InlineData("temperature", "\"hot\"", "found 'hot'")]
    [InlineData("temperature", "1e999", "a number")]
    [InlineData("top_p", "-0.1", "from 0 to 1")]
    [InlineData("top_p", "1.5", "from 0 to 1")]
    [InlineData("top_k", "-2", "from -1")]
    [InlineData("top_k", "1.5", "a whole number")]
    [InlineData("min_p", "2", "from 0 to 1")]
    [InlineData("n", "0", "from 1 to 128")]
    [InlineData("n", "129", "from 1 to 128")]
    [InlineData("max_tokens", "0", "at least 1")]
    [InlineData("max_tokens", "-1", "from 0 up")]
    [InlineData("max_tokens", "12345678901", "a whole number")]
    [InlineData("frequency_penalty", "2.5", "from -2 to 2")]
    [InlineData("presence_penalty", "-3", "from -2 to 2")]
    [InlineData("repetition_penalty", "0", "from 0.01 to 100")]
    [InlineData("top_logprobs", "21", "from 0 to 20")]
    [InlineData("logprobs", "5", "true or false")]
    [InlineData("seed", "1.5", "a whole number")]
    [InlineData("stream", "1", "true or false")]
    [InlineData("stop", "[1]", "expected a string")]
    [InlineData("stop", "7", "a list of strings")]
    [InlineData("stop_token_ids", "[100]", "from 0 to 99")]
    [InlineData("logit_bias", "[]", "an object from token ids")]
    [InlineData("logit_bias", "{\"word\": 1}", "'word'")]
    [InlineData("logit_bias", "{\"5\": 101}", "from -100 to 100")]
    [InlineData("chat_template_kwargs", "[]", "an object")]
    public void Values_outside_what_is_documented_are_refused_by_name(string field, string value, string expected)
    {
        string companions = field == "top_logprobs" ? "\"logprobs\": true, " : "";
        var problem = ParsedRequests.Single(ParsedRequests.Chat($"{companions}\"{field}\": {value},").Problems);

        Assert.StartsWith(field, problem.Path, StringComparison.Ordinal);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audio", "{}")]
    [InlineData("modalities", "[\"text\"]")]
    [InlineData("functions", "[]")]
    [InlineData("function_call", "\"auto\"")]
    [InlineData("best_of", "2")]
    [InlineData("suffix", "\"x\"")]
    [InlineData("response_format", "{\"type\": \"json_object\"}")]
    [InlineData("tools", "[{\"type\": \"function\"}]")]
    [InlineData("tool_choice", "\"required\"")]
    public void Features_of_openai_that_are_missing_here_are_refused_by_name(string field, string value)
    {
        var problem = ParsedRequests.Single(ParsedRequests.Chat($"\"{field}\": {value},").Problems);

        Assert.Equal((field, ErrorCode.Unsupported), (problem.Path, problem.Code));
    }

    [Theory]
    [InlineData("temprature", "(did you mean 'temperature'?)")]
    [InlineData("reasoning_effort", "steering goes under steering")]
    [InlineData("echo", "is not a field")]
    public void Unknown_fields_are_refused_by_name(string field, string expected)
    {
        var problem = ParsedRequests.Single(ParsedRequests.Chat($"\"{field}\": 1,").Problems);

        Assert.Equal((field, ErrorCode.UnknownField), (problem.Path, problem.Code));
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "messages", "an empty list")]
    [InlineData("\"hi\"", "messages", "found 'hi'")]
    [InlineData("null", "messages", "is missing")]
    [InlineData("[1]", "messages[0]", "an object")]
    [InlineData("[{\"content\": \"a\"}]", "messages[0].role", "is missing")]
    [InlineData("[{\"role\": \"user\"}]", "messages[0].content", "is missing")]
    [InlineData("[{\"role\": \"user\", \"content\": 5}]", "messages[0].content", "expected a string")]
    [InlineData("[{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]", "messages[0].content[0].type", "text only")]
    public void Messages_that_say_nothing_are_refused(string messages, string path, string expected)
    {
        var problem = ParsedRequests.Single(ParsedRequests.Chat($"\"messages\": {messages},").Problems);

        Assert.Equal(path, problem.Path);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_parts_become_one_text_and_nulls_are_not_sent_to_the_template()
    {
        var (request, problems) = ParsedRequests.Chat("""
            "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "name": null}],
            """);

        Assert.Empty(problems.All);
        Assert.Equal("""[{"role":"user","content":"ab"}]""", request.Conversation.Messages.ToJsonString());
    }

    [Fact]
    public void All_problems_come_at_once_and_the_first_is_the_param()
    {
        var (_, problems) = ParsedRequests.Chat("\"temperature\": 9, \"n\": 0, \"colour\": 1, \"steering\": {\"use\": [{\"vector\": \"nobody\"}]},");

        var error = problems.ToError();
        Assert.Equal((400, "n"), (error.Status, error.Param));
        foreach (string part in new[] { "4 problems", "temperature", "colour", "nobody" }) Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_foreign_model_is_not_found()
    {
        var (_, problems) = ParsedRequests.Chat("\"model\": \"gpt-4o\",");

        var error = problems.ToError();
        Assert.Equal((404, "not_found_error", "model", "model_not_found"), (error.Status, error.Type, error.Param, error.Code));
        Assert.Contains("'tiny'", error.Message, StringComparison.Ordinal);
    }
}
