using System.Net;
using System.Text.Json;
using Grpc.Core;
using Steering.Tests;
using Steering.V1;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features;

[Collection(ServerCollection.Name)]
public sealed class AttributionTests(ServerFixture fixture)
{
    private const string Path = "/v1/attributions";
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task Scores_of_prompt_and_answer_add_up_to_what_the_answer_gained()
    {
        var map = (await _server.AnswerAsync(Path, """{"messages": [{"role": "user", "content": "Tell me a story."}], "answer": "There once was a pirate."}""")).Json;

        var side = Assert.Single(map.GetProperty("sides").EnumerateArray());
        var tokens = side.GetProperty("tokens").EnumerateArray().ToList();
        double value = map.GetProperty("value").GetDouble(), baseline = map.GetProperty("baseline_value").GetDouble(), sum = tokens.Sum(token => token.GetProperty("score").GetDouble());
        Assert.True(side.GetProperty("within_tolerance").GetBoolean());
        Assert.Equal(map.GetProperty("sum").GetDouble(), sum, 1e-9);
        Assert.InRange(Math.Abs(sum - (value - baseline)), 0, 0.05 * Math.Abs(value - baseline));
        Assert.Equal(("adaptive", "pad", "integrated_gradients", "answer_tokens"), (Word("rule"), Word("baseline"), Word("method"), Word("objective")));
        Assert.Equal("There once was a pirate.", string.Concat(tokens.Where(token => token.GetProperty("part").GetString() == "answer").Select(token => token.GetProperty("token").GetString())));

        string Word(string name) => map.GetProperty(name).GetString()!;
    }

    [Fact]
    public async Task The_value_is_the_log_probability_that_completions_report()
    {
        var map = (await _server.AnswerAsync(Path, """{"prompt": "Once upon", "answer": " a time", "method": "gradient_times_input"}""")).Json;
        var scored = (await _server.AnswerAsync(Api.Completions, """{"prompt": "Once upon a time", "max_tokens": 0, "echo": true, "logprobs": 0}""")).Choice().GetProperty("logprobs");

        double expected = scored.GetProperty("token_logprobs").EnumerateArray().TakeLast(2).Sum(logprob => logprob.GetDouble());
        Assert.Equal([" a", " time"], scored.GetProperty("tokens").EnumerateArray().TakeLast(2).Select(token => token.GetString()));
        Assert.Equal(expected, map.GetProperty("value").GetDouble(), 1e-4);
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (map.GetProperty("baseline_value").ValueKind, map.GetProperty("completeness_error").ValueKind));
    }

    [Fact]
    public async Task A_contrast_counts_negatively_and_steering_changes_the_value()
    {
        const string body = """{"prompt": "Once upon a time there was a", "answer": " castle", "contrast": " farm", "rule": "gauss_legendre", "points": 8%}""";
        var plain = (await _server.AnswerAsync(Path, body.Replace("%", ""))).Json;
        var steered = (await _server.AnswerAsync(Path, body.Replace("%", """, "steering": "2 genre-castle" """))).Json;

        var sides = plain.GetProperty("sides").EnumerateArray().ToList();
        Assert.Equal(["answer", "contrast"], sides.Select(side => side.GetProperty("side").GetString()));
        Assert.True(sides[0].GetProperty("value").GetDouble() < 0 && sides[1].GetProperty("value").GetDouble() > 0);
        Assert.Equal(plain.GetProperty("value").GetDouble(), sides.Sum(side => side.GetProperty("value").GetDouble()), 1e-9);
        Assert.All(sides, side => Assert.Equal((8, JsonValueKind.Null), (side.GetProperty("gradients").GetInt32(), side.GetProperty("within_tolerance").ValueKind)));
        Assert.True(steered.GetProperty("value").GetDouble() > plain.GetProperty("value").GetDouble() + 1);
    }

    [Fact]
    public async Task A_browser_gets_a_page_that_escapes_what_it_shows()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent("""{"prompt": "<script>alert(1)</script>", "answer": "</p><b>", "rule": "midpoint", "points": 2}""", System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.ParseAdd("text/html");
        using var response = await _server.Http.SendAsync(request);
        string page = await response.Content.ReadAsStringAsync();

        Assert.Equal((HttpStatusCode.OK, "text/html"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("<b>", page);
        Assert.Contains("&lt;", page);
        Assert.Contains("rgba(var(--", page);
    }

    [Theory]
    [InlineData("""{"answer": "x"}""", "prompt", "missing")]
    [InlineData("""{"prompt": "Once"}""", "answer", "missing")]
    [InlineData("""{"prompt": "Once", "answer": ""}""", "answer", "empty")]
    [InlineData("""{"prompt": "Once", "messages": [{"role": "user", "content": "Hi"}], "answer": "x"}""", "prompt", "exclude each other")]
    [InlineData("""{"prompt": "Once", "answer": "x", "rule": "trapezoid", "baseline": "zero"}""", "rule", "gauss_legendre")]
    [InlineData("""{"prompt": "Once", "answer": "x", "rule": "simpson"}""", "rule", "adaptive, gauss_legendre, midpoint, trapezoid")]
    [InlineData("""{"prompt": "Once", "answer": "x", "points": 0}""", "points", "1 to 2000")]
    [InlineData("""{"prompt": "Once", "answer": "x", "steps": 5}""", "steps", "not a field")]
    [InlineData("""{"prompt": "Once", "answer": "x", "budget": 8}""", "budget", "16 to 2000")]
    [InlineData("""{"prompt": "Once", "answer": "x", "steering": "nobody"}""", "steering", "nobody")]
    [InlineData("""{"prompt": "Once", "answer": "x", "steering": {"use": [{"vector": "polite"}], "dry_run": true}}""", "steering.dry_run", "no dry run")]
    [InlineData("""{"prompt": "Once", "answer": "x", "steering": {"use": [{"vector": "polite"}], "include": ["unsteered"]}}""", "steering.include", "no unsteered twin")]
    public async Task Bad_input_names_the_field_and_the_remedy(string body, string param, string message)
    {
        var error = (await _server.PostAsync(Path, body)).Error;

        Assert.StartsWith(param, error.Param);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public async Task Both_wires_give_the_same_scores_and_the_same_problems()
    {
        var client = new Attributions.AttributionsClient(_server.Channel);
        var json = (await _server.AnswerAsync(Path, """{"messages": [{"role": "user", "content": "Tell me a story."}], "answer": "Once", "contrast": "There", "rule": "gauss_legendre", "points": 6, "steering": "polite"}""")).Json;

        var message = await client.AttributeAsync(new AttributeRequest
        {
            Messages = { new Message { Role = "user", Content = "Tell me a story." } }, Answer = "Once", Contrast = "There", Rule = AttributionRule.GaussLegendre, Points = 6, SteeringShorthand = "polite",
        });

        var sides = json.GetProperty("sides").EnumerateArray().ToList();
        Assert.Equal(sides.Select(side => side.GetProperty("tokens").EnumerateArray().Select(token => token.GetProperty("score").GetDouble())), message.Sides.Select(side => side.Tokens.Select(token => token.Score)));
        Assert.Equal(sides.Select(side => side.GetProperty("side").GetString()), message.Sides.Select(side => side.Name));
        Assert.Equal((json.GetProperty("value").GetDouble(), json.GetProperty("baseline_value").GetDouble()), (message.Value, message.BaselineValue));
        Assert.False(message.Sides[0].HasWithinTolerance);

        var refused = await Rpc.RefusedAsync(() => client.AttributeAsync(new AttributeRequest { Prompt = "Once", Rule = AttributionRule.Trapezoid, Baseline = AttributionBaseline.Zero }).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.Contains(refused.Fields, field => field.Field == "answer");
    }

    [Fact]
    public async Task A_stream_says_how_far_it_is_and_ends_with_the_same_attributions()
    {
        const string body = """{"prompt": "Once upon a time there was a", "answer": " castle", "contrast": " farm", "rule": "midpoint", "points": 600%}""";
        var whole = (await _server.AnswerAsync(Path, body.Replace("%", ""))).Body;
        var chunks = await _server.ChunksAsync(Path, body.Replace("%", """, "stream": true"""));
        using var call = new Attributions.AttributionsClient(_server.Channel).AttributeStream(new AttributeStreamRequest { Prompt = "Once upon a time there was a", Answer = " castle", Contrast = " farm", Rule = AttributionRule.Midpoint, Points = 600 });
        var messages = await call.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Equal(whole, $"{chunks[^1]}");
        int[] done = [.. chunks.SkipLast(1).Select(chunk => chunk.GetProperty("done").GetInt32())];
        Assert.Equal(done.Order(), done);
        Assert.True(done.Length > 1, "progress is told more than once");
        Assert.All(chunks.SkipLast(1), chunk => Assert.Equal(("attribution.progress", 1200), (chunk.GetProperty("object").GetString(), chunk.GetProperty("expected").GetInt32())));
        Assert.All(messages.SkipLast(1), message => Assert.Equal(1200, message.Progress.Expected));
        Assert.Equal(chunks[^1].GetProperty("value").GetDouble(), messages[^1].Attribution.Value);
    }

    [Fact]
    public async Task A_stream_that_is_refused_is_no_stream()
    {
        using var request = Api.Request(Path, """{"prompt": "Once", "answer": "x", "stream": true}""", [("Accept", "text/html")]);
        using var page = await _server.Http.SendAsync(request);
        var refused = await _server.PostAsync(Path, """{"prompt": "Once", "answer": "", "stream": true}""");
        var call = await Rpc.RefusedAsync(() => new Attributions.AttributionsClient(_server.Channel).AttributeStream(new AttributeStreamRequest { Prompt = "Once" }).ResponseStream.MoveNext());

        Assert.Equal((HttpStatusCode.BadRequest, "stream"), (page.StatusCode, Api.Parse(await page.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("param").GetString()));
        Assert.Equal((HttpStatusCode.BadRequest, "answer"), (refused.Status, refused.Error.Param));
        Assert.Equal(StatusCode.InvalidArgument, call.Code);
    }

    [Fact]
    public async Task An_answer_that_does_not_fit_is_refused()
    {
        string answer = string.Concat(Enumerable.Repeat(" castle", 600));
        var error = (await _server.PostAsync(Path, JsonSerializer.Serialize(new { prompt = "Once", answer }))).Error;

        Assert.Equal(("answer", "context_length_exceeded"), (error.Param, error.Code));
    }

    [Fact]
    public async Task A_model_that_is_unloaded_gives_up_its_attributions_and_the_others_go_on()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { Models = [RunningServer.Storyworld, RunningServer.Storyworld with { Name = "spare" }] });
        const string body = """{"model": "spare", "prompt": "Once upon a time there was a castle by the sea and", "answer": " a farm", "rule": "midpoint", "points": 2000}""";
        Task<Reply>[] attributions = [.. Enumerable.Range(0, 3).Select(_ => server.PostAsync(Path, body))];
        await Task.Delay(300); // one computes, two wait

        await server.Http.PostAsync("/v1/models/spare:unload", null);

        foreach (var reply in await Task.WhenAll(attributions)) Assert.Equal((HttpStatusCode.ServiceUnavailable, "draining"), (reply.Status, reply.Error.Code));
        await server.AnswerAsync(Path, """{"prompt": "Once upon", "answer": " a time", "method": "gradient_times_input"}""");
    }

    [Fact]
    public async Task Attributions_beside_generations_change_no_answer()
    {
        const string chat = """{"messages": [{"role": "user", "content": "Tell me a story."}], "seed": 5, "max_tokens": 60, "steering": "mood-joyful"}""";
        string alone = (await _server.AnswerAsync(Api.Chat, chat)).Text();
        var attribution = _server.AnswerAsync(Path, """{"prompt": "Once upon a time there was a", "answer": " castle by the sea", "rule": "midpoint", "points": 300}""");

        var beside = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _server.AnswerAsync(Api.Chat, chat)));

        Assert.All(beside, reply => Assert.Equal(alone, reply.Text()));
        await attribution;
    }
}
