using System.Text.Json;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Steering;

[Collection(ServerCollection.Name)]
public sealed class SteeredAnswerTests(ServerFixture fixture)
{
    private const string Story = "\"messages\": [{\"role\": \"user\", \"content\": \"Tell me a story.\"}], \"max_tokens\": 20, \"seed\": 1";
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task The_five_ways_to_name_a_vector_are_one()
    {
        var replies = new[]
        {
            await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "steering": {"use": [{"vector": "mood-joyful", "strength": 2}]} }"""),
            await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "steering": "2 mood-joyful@1" }"""),
            await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}} }""", ("X-Steering", "2 mood-joyful")),
            await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "model": "storyworld@mood-joyful:2" }"""),
            await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "steering": {"inline": [{{Inline("mood-joyful", 2)}}]} }"""),
        };
        var unsteered = await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}} }""");

        Assert.Single(replies.Select(reply => reply.Text()).Distinct());
        Assert.NotEqual(unsteered.Text(), replies[0].Text());
        Assert.Single(replies.Select(reply => reply.Steering.GetProperty("applied")[0].GetProperty("sha256").GetString()).Distinct());
        Assert.All(replies.SkipLast(1), reply => Assert.Equal("mood-joyful@1:2", reply.Headers.GetValues("X-Steering-Applied").Single()));
        Assert.Equal("inline:2", replies[^1].Headers.GetValues("X-Steering-Applied").Single());
        Assert.False(unsteered.Json.TryGetProperty("steering", out _));
        Assert.False(unsteered.Headers.Contains("X-Steering-Applied"));
    }

    [Fact]
    public async Task The_receipt_says_what_was_applied()
    {
        var reply = await _server.AnswerAsync(Api.Chat, $$"""
            { {{Story}}, "n": 2, "steering": {"use": [{"vector": "polite", "version": "prod", "layers": ["3-4"], "apply": "generated"}, {"vector": "mood-angry", "strength": -1, "op": "ablate", "sites": ["resid_post.2"], "apply": {"exclude": ["bos"], "generation": "none"} }]} }
            """);

        var (polite, angry) = (reply.Steering.GetProperty("applied")[0], reply.Steering.GetProperty("applied")[1]);
        Assert.Equal(["vector", "version", "reference", "sha256", "strength", "unit", "op", "sites", "prompt_tokens_steered", "generated_tokens_steered", "choices"], polite.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("polite", 1, "polite@prod", 1, "raw", "add"), (Text(polite, "vector"), Number(polite, "version"), Text(polite, "reference"), Number(polite, "strength"), Text(polite, "unit"), Text(polite, "op")));
        Assert.Equal("""["resid_post.3","resid_post.4"]""", polite.GetProperty("sites").GetRawText());
        Assert.Equal((0, 38), (Number(polite, "prompt_tokens_steered"), Number(polite, "generated_tokens_steered")));
        Assert.Equal(("scale_coordinate", "fraction", 16, 0), (Text(angry, "op"), Text(angry, "unit"), Number(angry, "prompt_tokens_steered"), Number(angry, "generated_tokens_steered")));
        Assert.Equal("""{"index":1,"prompt_tokens_steered":0,"generated_tokens_steered":19}""", polite.GetProperty("choices")[1].GetRawText());
        Assert.Equal("[]", reply.Steering.GetProperty("warnings").GetRawText());
    }

    [Fact]
    public async Task Strength_zero_is_no_steering_bit_for_bit()
    {
        var plain = await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "logprobs": true }""");
        var zero = await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "logprobs": true, "steering": "0 mood-joyful" }""");

        Assert.Equal(plain.Choice().GetRawText(), zero.Choice().GetRawText());
        Assert.Equal(0, Number(zero.Steering.GetProperty("applied")[0], "prompt_tokens_steered"));
    }

    [Fact]
    public async Task The_unsteered_twin_is_what_the_request_alone_would_say()
    {
        var both = await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "logprobs": true, "steering": {"use": [{"vector": "genre-sea", "strength": 1}], "include": ["unsteered"]} }""");
        var alone = await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "logprobs": true }""");

        Assert.Equal(alone.Choice().GetRawText(), both.Steering.GetProperty("unsteered").GetProperty("choices")[0].GetRawText());
        Assert.False(both.Steering.TryGetProperty("applied", out _));
        Assert.NotEqual(alone.Text(), both.Text());
    }

    [Fact]
    public async Task Concurrent_requests_do_not_touch_each_other()
    {
        string[] bodies = [.. Enumerable.Range(0, 24).Select(i => i % 3 == 0 ? $$"""{ {{Story}}, "logprobs": true }"""
            : $$"""{ {{Story}}, "logprobs": true, "steering": "{{i / 4.0 - 3}} {{(i % 3 == 1 ? "genre-space" : "mood-sorrowful")}}" }""")];

        var alone = new List<string>();
        foreach (string body in bodies) alone.Add((await _server.AnswerAsync(Api.Chat, body)).Choice().GetRawText());
        var together = await Task.WhenAll(bodies.Select(body => _server.AnswerAsync(Api.Chat, body)));

        Assert.Equal(alone, together.Select(reply => reply.Choice().GetRawText()));
    }

    [Fact]
    public async Task A_dry_run_shows_the_plan_and_generates_nothing()
    {
        long before = _server.Counters.GeneratedTokens;

        var reply = await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "steering": {"use": [{"vector": "polite", "strength": 0.5, "layers": [3], "apply": {"exclude": ["template"]} }], "dry_run": true} }""");

        var use = reply.Steering.GetProperty("plan")[0].GetProperty("uses")[0];
        Assert.Equal(before, _server.Counters.GeneratedTokens);
        Assert.Equal(0, reply.Json.GetProperty("choices").GetArrayLength());
        Assert.Equal(("resid_post.3", 0.5), (Text(use.GetProperty("edits")[0], "site"), use.GetProperty("edits")[0].GetProperty("coefficient").GetDouble()));
        Assert.Equal("[[2,7],[9,null]]", use.GetProperty("positions").GetRawText()); // <|begin|><|user|>Tell me a story.<|end|><|assistant|>
        Assert.Equal("[DONE]", (await _server.StreamAsync(Api.Chat, $$"""{ {{Story}}, "stream": true, "steering": {"dry_run": true} }"""))[^1]);
    }

    [Fact]
    public async Task Schedules_windows_and_units_are_applied()
    {
        foreach (string use in new[]
        {
            """{"vector": "polite", "unit": "token_norm", "strength": 0.1}""",
            """{"vector": "polite", "schedule": {"kind": "exp", "to": 0.1, "over": 5}}""",
            """{"vector": "polite", "op": "set_coordinate", "params": {"value": 2}, "strength": 0.5}""",
            """{"vector": "polite", "op": "clamp", "params": {"min": -1, "max": 1}}""",
            """{"vector": "polite", "renormalise": "token", "apply": {"prompt_window": [-2, null], "generation_window": [0, 4]}}""",
        })
        {
            var reply = await _server.AnswerAsync(Api.Chat, $$"""{ {{Story}}, "steering": {"use": [{{use}}]} }""");
            Assert.True(Number(reply.Steering.GetProperty("applied")[0], "prompt_tokens_steered") > 0, reply.Body);
        }
    }

    [Theory]
    [InlineData("{\"use\": [{\"vector\": \"polite\", \"layers\": [8]}]}", "steering.use[0].layers[0]", "blocks 0 to 7")]
    [InlineData("{\"use\": [{\"vector\": \"polite\", \"unit\": \"rms\"}]}", "steering.use[0].unit", "residual norm")]
    [InlineData("{\"use\": [{\"vector\": \"polite\", \"op\": \"rotate\"}]}", "steering.use[0].strength", "no default strength")]
    [InlineData("{\"inline\": [{\"layers\": [3], \"values\": [1, 2, 3]}]}", "steering.inline[0]", "256")]
    [InlineData("{\"inline\": [{\"layers\": [12], \"shape\": [1], \"data\": \"AACAPw==\"}]}", "steering.inline[0]", "blocks 0 to 7")]
    public async Task What_the_model_cannot_do_is_refused_with_its_path(string steering, string path, string expected)
    {
        var reply = await _server.PostAsync(Api.Chat, $$"""{ {{Story}}, "steering": {{steering}} }""");

        Assert.Equal((400, "steering_invalid"), ((int)reply.Status, reply.Error.Code));
        Assert.StartsWith(path, reply.Error.Param, StringComparison.Ordinal);
        Assert.Contains(expected, reply.Error.Message, StringComparison.Ordinal);
    }

    private string Inline(string name, double strength)
    {
        var vector = _server.Served.Catalog.VersionsOf(name)[0].Vector;
        return JsonSerializer.Serialize(new
        {
            layers = vector.Tensors.Select(tensor => tensor.Site.Block),
            strength,
            dtype = "f32",
            shape = new[] { vector.Tensors.Length, 256 },
            data = Convert.ToBase64String([.. vector.Tensors.SelectMany(tensor => tensor.Values).SelectMany(BitConverter.GetBytes)]),
        });
    }

    private static string? Text(JsonElement of, string name) => of.GetProperty(name).GetString();

    private static int Number(JsonElement of, string name) => of.GetProperty(name).GetInt32();
}
