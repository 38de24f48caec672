using System.Net;
using Steering.Engine.Interventions;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Vectors;

/// <summary>Registering vectors over HTTP: what is stored, what is read back, what is refused.</summary>
[Collection(RegistryCollection.Name)]
public sealed class RegistrationTests(ServerFixture fixture)
{
    private readonly HttpClient _http = fixture.Server.Http;

    [Fact]
    public async Task A_registered_vector_is_listed_read_back_downloaded_and_used_in_the_next_request()
    {
        byte[] file = Vectors.File(1, metadata: [("method", "by hand"), ("unit", "raw")]);
        var created = await _http.UploadAsync(file, "fresh", ("metadata", """{"ticket": "42"}"""));

        Assert.True(created.Status == HttpStatusCode.Created, created.Body);
        Assert.Equal("/v1/vectors/fresh/versions/1", created.Headers.Location?.ToString());
        Assert.Equal("fresh@1", created.Id());
        Assert.Equal(("prod", "by hand", "42", "upload"), (created.Json.GetProperty("aliases")[0].GetString(), created.Json.GetProperty("method").GetString(),
            created.Json.GetProperty("metadata").GetProperty("ticket").GetString(), created.Json.GetProperty("origin").GetString()));
        Assert.Contains("fresh@1", (await _http.ReadAsync(Vectors.Path)).Body, StringComparison.Ordinal);
        Assert.Equal(created.Json.GetProperty("sha256").GetString(), (await _http.ReadAsync("/v1/vectors/fresh")).Json.GetProperty("sha256").GetString());
        Assert.Equal("resid_post.4", (await _http.ReadAsync("/v1/vectors/fresh/versions/1/report")).Json.GetProperty("translations")[0].GetProperty("target").GetString());
        Assert.Equal(("fresh", 1), (await _http.UseAsync("0.5 fresh")).Applied());
        Assert.Equal(("fresh", 1), (await _http.UseAsync($"0.5 fresh@sha256:{created.Json.GetProperty("sha256").GetString()![..12]}")).Applied());
    }

    [Theory]
    [InlineData("safetensors"), InlineData("gguf"), InlineData("npz"), InlineData("npy"), InlineData("json")]
    public async Task What_is_downloaded_registers_again_as_the_same_content(string format)
    {
        await _http.UploadAsync(Vectors.File(2), "round");
        using var response = await _http.GetAsync($"/v1/vectors/round@1/download?format={format}");
        byte[] bytes = await response.Content.ReadAsByteArrayAsync();

        Assert.True(response.IsSuccessStatusCode, System.Text.Encoding.UTF8.GetString(bytes));
        Assert.Equal($"round.1.{format}", response.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        Assert.StartsWith("\"sha256:", response.Headers.ETag?.Tag, StringComparison.Ordinal);
        var again = await _http.SendFormAsync(Vectors.Path, bytes, "round", ("name", "round"), ("sites", format == "npy" ? "resid_post.4" : ""));
        Assert.True(again.Status == HttpStatusCode.OK, again.Body);
        Assert.Equal(("round@1", true), (again.Id(), again.Json.GetProperty("existing").GetBoolean()));
        if (format == "json") Assert.Equal("round@1", (await _http.CallAsync(HttpMethod.Post, Vectors.Path, System.Text.Encoding.UTF8.GetString(bytes))).Id());
    }

    [Fact]
    public async Task Tensors_as_json_and_a_file_in_base64_register_too()
    {
        var values = Enumerable.Range(0, Vectors.Width).Select(i => i / 100.0);
        var tensors = await _http.CallAsync(HttpMethod.Post, Vectors.Path,
            new { name = "from-json", unit = "rms", residual_norms = new Dictionary<string, double> { ["resid_post.3"] = 12.5 }, tensors = new[] { new { layers = new[] { 3 }, values } }, aliases = new[] { "canary" } });
        var file = await _http.CallAsync(HttpMethod.Post, Vectors.Path, new { name = "from-base64", file = Convert.ToBase64String(Vectors.File(3)), file_name = "v.safetensors" });

        Assert.True(tensors.Status == HttpStatusCode.Created, tensors.Body);
        Assert.Equal(("rms", 12.5, "canary"), (tensors.Json.GetProperty("unit").GetString(), tensors.Json.GetProperty("residual_norms").GetProperty("resid_post.3").GetDouble(), tensors.Json.GetProperty("aliases")[0].GetString()));
        Assert.Equal(("from-json", 1), (await _http.UseAsync("0.1 from-json@canary")).Applied());
        Assert.True(file.Status == HttpStatusCode.Created, file.Body);
        Assert.Equal(("from-base64", 1), (await _http.UseAsync("0.1 from-base64")).Applied());
    }

    [Fact]
    public async Task Json_files_of_other_projects_are_read_with_what_their_layers_mean()
    {
        string values = string.Join(", ", Enumerable.Range(1, Vectors.Width).Select(i => i / 8.0));
        byte[] svec = System.Text.Encoding.UTF8.GetBytes($$"""{"model_type": "llama", "directions": {"3": [{{values}}], "7": [{{values}}]}, "explained_variances": {"3": 0.5, "7": 0.4} }""");
        byte[] neuronpedia = System.Text.Encoding.UTF8.GetBytes($$"""{"modelId": "storyworld", "layerNumber": 2, "hookType": "resid-pre", "vector": [{{values}}], "vectorLabel": "joy"}""");
        var cast = await _http.SendFormAsync(Vectors.Path, svec, "tone.svec");
        var hook = await _http.SendFormAsync(Vectors.Path, neuronpedia, "vector.json", ("name", "from-neuronpedia"));
        var wrong = await _http.SendFormAsync(Vectors.Path, """{"directions": {"3": [1, "x"], "4": []}}"""u8.ToArray(), "tone.svec");
        var elsewhere = await _http.SendFormAsync(Vectors.Path, """{"layerNumber": -1, "hookType": "mlp", "vector": [1]}"""u8.ToArray(), "v.json");

        Assert.True(cast.Status == HttpStatusCode.Created && hook.Status == HttpStatusCode.Created, cast.Body + hook.Body);
        var report = cast.Json.GetProperty("report");
        Assert.Equal(("tone@1", "json", "cast", "llama"), (cast.Id(), report.GetProperty("format").GetString(), report.GetProperty("convention").GetString(), cast.Json.GetProperty("metadata").GetProperty("model").GetString()));
        Assert.Equal([("3", "resid_post.3", "measured at resid_post.3; activation-steering adds it at resid_pre.3, one block earlier"), ("7", "resid_post.7", "measured after the final norm; activation-steering adds it at resid_pre.7, one block earlier")],
            report.GetProperty("translations").EnumerateArray().Select(item => (item.GetProperty("source").GetString(), item.GetProperty("target").GetString(), item.GetProperty("note").GetString())));
        Assert.Equal(("resid_pre.2", "joy"), (hook.Json.GetProperty("sites")[0].GetString(), hook.Json.GetProperty("metadata").GetProperty("label").GetString()));
        Assert.Equal(("from-neuronpedia", 1), (await _http.UseAsync("0.01 from-neuronpedia")).Applied());
        foreach (string part in new[] { "directions.3[1]", "directions.4" }) Assert.Contains(part, wrong.Error.Message, StringComparison.Ordinal);
        foreach (string part in new[] { "hookType", "layerNumber" }) Assert.Contains(part, elsewhere.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_content_is_the_same_version_and_another_unit_is_another_content()
    {
        var first = await _http.UploadAsync(Vectors.File(4), "content");
        var same = await _http.UploadAsync(Vectors.File(4), "content");
        var other = await _http.UploadAsync(Vectors.File(4), "content", ("unit", "token_norm"));

        Assert.Equal((HttpStatusCode.OK, "content@1", true), (same.Status, same.Id(), same.Json.GetProperty("existing").GetBoolean()));
        Assert.Equal((HttpStatusCode.Created, "content@2"), (other.Status, other.Id()));
        Assert.NotEqual(first.Json.GetProperty("sha256").GetString(), other.Json.GetProperty("sha256").GetString());
        Assert.Equal(("content", 1), (await _http.UseAsync("content")).Applied()); // a new version is not served to anybody until it is promoted
    }

    [Fact]
    public async Task A_dry_run_says_what_would_happen_and_stores_nothing()
    {
        var fine = await _http.SendFormAsync("/v1/vectors:validate", Vectors.File(5), "dry.safetensors");
        var wrong = await _http.SendFormAsync("/v1/vectors:validate", Vectors.File(5, "resid_post.11", 48), "dry.safetensors");

        Assert.Equal((HttpStatusCode.OK, true, "dry@1"), (fine.Status, fine.Json.GetProperty("valid").GetBoolean(), fine.Json.GetProperty("would_be").GetString()));
        Assert.Equal((HttpStatusCode.OK, false), (wrong.Status, wrong.Json.GetProperty("valid").GetBoolean()));
        string problems = wrong.Json.GetProperty("problems").ToString();
        Assert.Contains("blocks 0 to 7", problems, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.ReadAsync("/v1/vectors/dry")).Status);
    }

    [Fact]
    public async Task An_upload_learns_every_problem_at_once()
    {
        var reply = await _http.SendFormAsync(Vectors.Path, Vectors.File(6), "x.safetensors", ("name", "Not A Name"), ("unit", "rmss"), ("alias", "7"), ("colour", "red"));

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        foreach (string part in new[] { "name:", "did you mean 'rms'", "alias:", "colour:" }) Assert.Contains(part, reply.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_that_are_no_upload_are_refused_by_name()
    {
        var noFile = await _http.SendFormAsync(Vectors.Path, null, "", ("name", "x"));
        var text = await _http.UploadAsync("hello world, this is no vector"u8.ToArray(), "text");
        var empty = await _http.UploadAsync([], "empty");
        var neither = await _http.CallAsync(HttpMethod.Post, Vectors.Path, new { name = "x" });
        var both = await _http.CallAsync(HttpMethod.Post, Vectors.Path, new { name = "x", file = "", tensors = Array.Empty<object>() });
        var notBase64 = await _http.CallAsync(HttpMethod.Post, Vectors.Path, new { name = "x", file = "***" });
        var broken = await _http.CallAsync(HttpMethod.Post, Vectors.Path, "{\"name\": ");
        using var brokenForm = new StringContent("--x\r\nnonsense") { Headers = { ContentType = MediaTypeHeader("multipart/form-data; boundary=x") } };
        var form = await _http.PostAsync(Vectors.Path, brokenForm);

        Assert.Contains("file", noFile.Error.Message, StringComparison.Ordinal);
        foreach (var refused in new[] { noFile, text, empty, neither, both, notBase64, broken }) Assert.True(refused.Status == HttpStatusCode.BadRequest, refused.Body);
        Assert.Equal(HttpStatusCode.BadRequest, form.StatusCode);
    }

    [Fact]
    public async Task Pages_of_other_sites_cannot_register_vectors()
    {
        var foreign = await _http.SendFormAsync(Vectors.Path, Vectors.File(7), "evil.safetensors", ("Origin", "https://evil.example"));
        var own = await _http.SendFormAsync(Vectors.Path, Vectors.File(7), "own.safetensors", ("Origin", fixture.Server.Address.ToString().TrimEnd('/')));

        Assert.Equal((HttpStatusCode.Forbidden, "origin_not_allowed"), (foreign.Status, foreign.Error.Code));
        Assert.Equal(HttpStatusCode.Created, own.Status);
    }

    [Fact]
    public async Task A_repeated_request_with_its_key_is_answered_as_the_first_time()
    {
        string key = Guid.NewGuid().ToString();
        var first = await _http.UploadAsync(Vectors.File(8), "once", ("Idempotency-Key", key));
        var again = await _http.UploadAsync(Vectors.File(8), "once", ("Idempotency-Key", key));
        var other = await _http.UploadAsync(Vectors.File(9), "once", ("Idempotency-Key", key));

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.Status, again.Status));
        Assert.Equal(first.Body, again.Body);
        Assert.Equal("true", again.Headers.GetValues("Idempotent-Replay").Single());
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "idempotency_key_reused"), (other.Status, other.Error.Code));
        Assert.Single((await _http.ReadAsync("/v1/vectors/once/versions")).Json.GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task Of_many_at_once_with_one_key_one_registers()
    {
        string key = Guid.NewGuid().ToString();
        var replies = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _http.UploadAsync(Vectors.File(10), "race", ("Idempotency-Key", key))));

        Assert.All(replies, reply => Assert.Equal((HttpStatusCode.Created, "race@1"), (reply.Status, reply.Id())));
        Assert.Single(replies, reply => !reply.Headers.Contains("Idempotent-Replay"));
    }

    [Fact]
    public async Task Concurrent_contents_get_versions_without_gaps()
    {
        var replies = await Task.WhenAll(Enumerable.Range(100, 24).Select(seed => _http.UploadAsync(Vectors.File(seed), "crowd")));

        Assert.Equal(Enumerable.Range(1, 24).Select(version => $"crowd@{version}"), replies.Select(reply => reply.Id()).OrderBy(id => int.Parse(id[6..], System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static System.Net.Http.Headers.MediaTypeHeaderValue MediaTypeHeader(string text) => System.Net.Http.Headers.MediaTypeHeaderValue.Parse(text);
}
