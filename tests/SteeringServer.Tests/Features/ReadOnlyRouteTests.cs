using System.Text.Json;
using Steering.Tests;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features;

[Collection(ServerCollection.Name)]
public sealed class ReadOnlyRouteTests(ServerFixture fixture)
{
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task Models_are_the_base_and_one_for_each_vector()
    {
        string[] vectors = [.. Directory.GetFiles(Repository.PathTo("models", "storyworld", "vectors")).Select(Path.GetFileNameWithoutExtension).OfType<string>().Order(StringComparer.Ordinal)];

        var list = (await _server.GetAsync("/v1/models")).Json.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());

        Assert.Equal(["storyworld", .. vectors.Select(name => $"storyworld@{name}")], list);
        Assert.Equal("polite@1", (await _server.GetAsync("/v1/models/storyworld@polite@prod")).Json.GetProperty("vector").GetString());
        Assert.Equal("model", (await _server.GetAsync("/v1/models/storyworld")).Json.GetProperty("object").GetString());
    }

    [Fact]
    public async Task Vectors_are_listed_and_described()
    {
        var listed = (await _server.GetAsync("/v1/vectors")).Json.GetProperty("data").EnumerateArray().First(vector => vector.GetProperty("name").GetString() == "polite");
        var one = (await _server.GetAsync("/v1/vectors/polite@prod")).Json;

        Assert.Equal(("raw", "difference_of_means", 5), (listed.GetProperty("unit").GetString(), listed.GetProperty("method").GetString(), listed.GetProperty("sites").GetArrayLength()));
        Assert.Equal(listed.GetProperty("sha256").GetString(), one.GetProperty("sha256").GetString());
        Assert.Equal("[1,256]", one.GetProperty("tensors")[0].GetProperty("shape").GetRawText());
        Assert.Equal("storyworld", one.GetProperty("metadata").GetProperty("model").GetString());
    }

    [Fact]
    public async Task Capabilities_say_what_can_be_done()
    {
        var json = (await _server.GetAsync("/v1/capabilities")).Json;

        Assert.Equal(("storyworld", 8, 256, 512, "bf16", "exact"), (json.GetProperty("model").GetString(), json.GetProperty("blocks").GetInt32(), json.GetProperty("width").GetInt32(),
            json.GetProperty("context").GetInt32(), json.GetProperty("dtype").GetString(), json.GetProperty("numerics").GetString()));
        Assert.All(json.GetProperty("sites").EnumerateArray(), site => Assert.True(site.GetProperty("steerable").GetBoolean()));
        Assert.Equal(["add", "scale_coordinate", "set_coordinate", "rotate", "project_boost", "low_rank"], json.GetProperty("operations").EnumerateObject().Select(operation => operation.Name));
    }

    [Fact]
    public async Task Text_goes_to_tokens_and_back()
    {
        var tokens = await _server.AnswerAsync("/tokenize", """{"prompt": "Once upon a time", "add_special_tokens": false, "return_token_strs": true}""");
        var text = await _server.AnswerAsync("/detokenize", $$"""{"tokens": {{tokens.Json.GetProperty("tokens").GetRawText()}} }""");
        var chat = await _server.AnswerAsync("/tokenize", """{"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": false}""");
        var empty = await _server.AnswerAsync("/tokenize", """{"prompt": ""}""");

        Assert.Equal("Once upon a time", text.Json.GetProperty("prompt").GetString());
        Assert.Equal("Once upon a time", string.Concat(tokens.Json.GetProperty("token_strs").EnumerateArray().Select(piece => piece.GetString())));
        Assert.Equal((tokens.Json.GetProperty("tokens").GetArrayLength(), 512), (tokens.Json.GetProperty("count").GetInt32(), tokens.Json.GetProperty("max_model_len").GetInt32()));
        Assert.True(chat.Json.GetProperty("count").GetInt32() >= 4);
        Assert.Equal("[0]", empty.Json.GetProperty("tokens").GetRawText());
        Assert.Equal("tokens[0]", (await _server.PostAsync("/detokenize", """{"tokens": [2048]}""")).Error.Param);
        Assert.Equal("prompt", (await _server.PostAsync("/tokenize", "{}")).Error.Param);
    }

    [Theory]
    [InlineData("/health", "ready")]
    [InlineData("/health/live", "alive")]
    [InlineData("/health/ready", "ready")]
    [InlineData("/ping", "ready")]
    public async Task Health_is_told(string path, string status) => Assert.Equal(status, (await _server.GetAsync(path)).Json.GetProperty("status").GetString());

    [Fact]
    public async Task The_version_is_told() => Assert.Equal(JsonValueKind.String, (await _server.GetAsync("/version")).Json.GetProperty("version").ValueKind);
}
