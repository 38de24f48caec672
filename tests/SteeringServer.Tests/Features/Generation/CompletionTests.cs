using System.Text.Json;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Generation;

[Collection(ServerCollection.Name)]
public sealed class CompletionTests(ServerFixture fixture)
{
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task Prompts_as_text_and_as_tokens_are_the_same()
    {
        var tokens = (await _server.AnswerAsync("/tokenize", """{"prompt": "Once upon a time"}""")).Json.GetProperty("tokens").GetRawText();

        var text = await _server.AnswerAsync(Api.Completions, """{"prompt": "Once upon a time", "temperature": 0}""");
        var many = await _server.AnswerAsync(Api.Completions, $$"""{"prompt": ["Once upon a time", {{tokens}}], "temperature": 0}""");
        var ids = await _server.AnswerAsync(Api.Completions, $$"""{"prompt": {{tokens}}, "temperature": 0}""");

        Assert.Equal(16, text.Usage.GetProperty("completion_tokens").GetInt32());
        Assert.Equal([text.Text(), text.Text(), text.Text()], [many.Text(0), many.Text(1), ids.Text()]);
        Assert.Equal(2 * text.Usage.GetProperty("prompt_tokens").GetInt32(), many.Usage.GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Several_prompts_with_several_choices_are_numbered_through()
    {
        var reply = await _server.AnswerAsync(Api.Completions, """{"prompt": ["Once", "The"], "n": 2, "max_tokens": 4, "seed": 9, "echo": true}""");

        Assert.Equal([0, 1, 2, 3], reply.Json.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal(["Once", "Once", "The", "The"], Enumerable.Range(0, 4).Select(choice => reply.Text(choice)[..(choice < 2 ? 4 : 3)]));
    }

    [Fact]
    public async Task The_evaluation_harness_gets_the_likelihood_of_a_text_it_sent()
    {
        var prompt = (await _server.AnswerAsync("/tokenize", """{"prompt": "Once upon a time there was"}""")).Json.GetProperty("tokens");

        var scored = await _server.AnswerAsync(Api.Completions, $$"""{"prompt": [{{prompt.GetRawText()}}], "max_tokens": 0, "temperature": 0, "logprobs": 1, "seed": 1234, "echo": true}""");
        var onemore = await _server.AnswerAsync(Api.Completions, $$"""{"prompt": [{{prompt.GetRawText()}}], "max_tokens": 1, "temperature": 0, "logprobs": 1, "seed": 1234, "echo": true}""");

        var logprobs = scored.Choice().GetProperty("logprobs");
        int count = prompt.GetArrayLength();
        foreach (string list in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" }) Assert.Equal(count, logprobs.GetProperty(list).GetArrayLength());
        Assert.Equal(JsonValueKind.Null, logprobs.GetProperty("token_logprobs")[0].ValueKind);
        Assert.Equal(JsonValueKind.Null, logprobs.GetProperty("top_logprobs")[0].ValueKind);
        for (int i = 1; i < count; i++)
        {
            string token = logprobs.GetProperty("tokens")[i].GetString()!;
            Assert.Equal(logprobs.GetProperty("token_logprobs")[i].GetRawText(), logprobs.GetProperty("top_logprobs")[i].GetProperty(token).GetRawText());
            Assert.Equal(logprobs.GetProperty("token_logprobs")[i].GetRawText(), onemore.Choice().GetProperty("logprobs").GetProperty("token_logprobs")[i].GetRawText());
        }
        Assert.Equal("length", scored.Choice().GetProperty("finish_reason").GetString());
        Assert.Equal(0, scored.Usage.GetProperty("completion_tokens").GetInt32());
        Assert.Equal(count + 1, onemore.Choice().GetProperty("logprobs").GetProperty("tokens").GetArrayLength());
    }

    [Fact]
    public async Task Generated_logprobs_are_those_of_the_same_text_as_a_prompt()
    {
        var generated = await _server.AnswerAsync(Api.Completions, """{"prompt": "Once upon a", "max_tokens": 12, "seed": 4, "logprobs": 0, "echo": true}""");
        string text = generated.Text();

        var scored = await _server.AnswerAsync(Api.Completions, JsonSerializer.Serialize(new { prompt = text, max_tokens = 0, logprobs = 0, echo = true }));

        string Values(Reply reply) => reply.Choice().GetProperty("logprobs").GetProperty("token_logprobs").GetRawText();
        Assert.Equal(Values(generated), Values(scored));
    }

    [Fact]
    public async Task Offsets_count_characters_of_the_text()
    {
        var reply = await _server.AnswerAsync(Api.Completions, """{"prompt": "é😀 a", "max_tokens": 3, "temperature": 0, "logprobs": 0, "echo": true}""");

        var logprobs = reply.Choice().GetProperty("logprobs");
        int[] offsets = [.. logprobs.GetProperty("text_offset").EnumerateArray().Select(value => value.GetInt32())];
        Assert.Equal(offsets.Order(), offsets);
        Assert.Contains(2, offsets); // " a" begins after two characters, not after two units of one of them
        Assert.StartsWith("é😀 a", reply.Text(), StringComparison.Ordinal);
        Assert.Contains(logprobs.GetProperty("tokens").EnumerateArray(), token => token.GetString()!.StartsWith("bytes:\\x", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_to_generate_and_nothing_to_echo_is_an_empty_text()
    {
        var reply = await _server.AnswerAsync(Api.Completions, """{"prompt": "Once", "max_tokens": 0}""");

        Assert.Equal(("", "length"), (reply.Text(), reply.Choice().GetProperty("finish_reason").GetString()));
    }
}
