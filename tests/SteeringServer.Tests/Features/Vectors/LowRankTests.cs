using System.Net;
using System.Text;
using SteeringServer.Tests.Fixtures;
using Wire = Steering.V1;

namespace SteeringServer.Tests.Features.Vectors;

/// <summary>Low-rank maps from the registration to the answer: three tensors of two widths that belong together.</summary>
[Collection(RegistryCollection.Name)]
public sealed class LowRankTests(ServerFixture fixture)
{
    private readonly HttpClient _http = fixture.Server.Http;

    [Fact]
    public async Task A_map_is_registered_listed_downloaded_and_used()
    {
        var created = await _http.CallAsync(HttpMethod.Post, Vectors.Path, new { name = "reft", tensors = Map(bias: [0.5, -0.5]) });
        byte[] file = await _http.GetByteArrayAsync("/v1/vectors/reft@1/download"), json = await _http.GetByteArrayAsync("/v1/vectors/reft@1/download?format=json");
        var again = await _http.UploadAsync(file, "reft");
        var used = await _http.CallAsync(HttpMethod.Post, Api.Completions, Request(new { vector = "reft", op = "low_rank" }));

        Assert.True(created.Status == HttpStatusCode.Created, created.Body);
        Assert.Equal(["b [1, 2]", "r [2, 256]", "w [2, 256]"],
            created.Json.GetProperty("tensors").EnumerateArray().Select(tensor => $"{tensor.GetProperty("role").GetString()} [{string.Join(", ", tensor.GetProperty("shape").EnumerateArray())}]"));
        var overGrpc = await new Wire.VectorRegistry.VectorRegistryClient(fixture.Server.Channel).GetVectorAsync(new() { Reference = "reft" });
        Assert.Equal([(Wire.TensorRole.B, 1, 2), (Wire.TensorRole.R, 2, 256), (Wire.TensorRole.W, 2, 256)], overGrpc.Vector.Tensors.Select(tensor => (tensor.Role, tensor.Rows, tensor.Width)));
        Assert.Equal("reft@1", again.Id());
        Assert.Equal("reft@1", (await _http.CallAsync(HttpMethod.Post, Vectors.Path, Encoding.UTF8.GetString(json))).Id());
        var applied = used.Json.GetProperty("steering").GetProperty("applied")[0];
        Assert.Equal(("low_rank", "fraction", 1), (applied.GetProperty("op").GetString(), applied.GetProperty("unit").GetString(), applied.GetProperty("strength").GetDouble()));
        Assert.Contains("add reads the direction; vector reft has b, r, w at resid_post.4", (await _http.UseAsync("0.5 reft")).Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_map_that_reads_nothing_sets_coordinates()
    {
        // With W = 0 and one unit row r: h + r (b - <h, r>), which is set_coordinate.
        var map = new { op = "low_rank", tensors = Map(bias: [7]) };
        var set = new { op = "set_coordinate", layers = new[] { 4 }, values = Unit(0), @params = new { value = 7 } };

        static string Scores(Reply reply) => reply.Json.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("token_logprobs").ToString();
        string mapped = Scores(await _http.CallAsync(HttpMethod.Post, Api.Completions, Inline(map))), expected = Scores(await _http.CallAsync(HttpMethod.Post, Api.Completions, Inline(set)));

        Assert.Equal(expected, mapped);
        Assert.NotEqual(Scores(await _http.CallAsync(HttpMethod.Post, Api.Completions, new { prompt = "Once", max_tokens = 8, temperature = 0, logprobs = 1 })), mapped);
    }

    [Fact]
    public async Task Parts_that_do_not_belong_together_are_refused()
    {
        var halves = await _http.CallAsync(HttpMethod.Post, Vectors.Path, new { name = "half", tensors = Map(bias: [1])[..2] });
        var uneven = await _http.CallAsync(HttpMethod.Post, Api.Completions, Inline(new { op = "low_rank", tensors = (object[])[.. Map(bias: [1])[..2], Map(bias: [1, 2])[2]] }));

        Assert.Equal(HttpStatusCode.BadRequest, halves.Status);
        Assert.Contains("expected r and w and b at resid_post.4", halves.Error.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, uneven.Status);
        Assert.Contains("found 1 rows in r, 1 in w and 2 values in b", uneven.Error.Message, StringComparison.Ordinal);
    }

    /// <summary>At resid_post.4; r holds as many unit rows as there are biases, w none but zeros.</summary>
    private static object[] Map(double[] bias) =>
    [
        new { layers = new[] { 4 }, role = "r", values = bias.Select((_, i) => Unit(i)) },
        new { layers = new[] { 4 }, role = "w", values = bias.Select(_ => new double[Vectors.Width]) },
        new { layers = new[] { 4 }, role = "b", values = bias },
    ];

    private static double[] Unit(int at) => [.. Enumerable.Range(0, Vectors.Width).Select(i => i == at ? 1.0 : 0)];

    private static object Request(object use) => new { prompt = "Once", max_tokens = 8, temperature = 0, steering = new { use = new[] { use } } };

    private static object Inline(object vector) => new { prompt = "Once", max_tokens = 8, temperature = 0, logprobs = 1, steering = new { inline = new[] { vector } } };
}
