using System.Net;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Vectors;

/// <summary>Aliases: promote, roll back, compare-and-set, archive.</summary>
[Collection(RegistryCollection.Name)]
public sealed class AliasTests(ServerFixture fixture)
{
    private readonly HttpClient _http = fixture.Server.Http;

    private static string Alias(string name, string alias = "prod") => $"/v1/vectors/{name}/aliases/{alias}";

    private async Task<string> WithVersionsAsync(string name, int count)
    {
        for (int version = 1; version <= count; version++) Assert.Equal(HttpStatusCode.Created, (await _http.UploadAsync(Vectors.File(name.Length * 1000 + version), name)).Status);
        return name;
    }

    [Fact]
    public async Task Promotion_changes_what_the_name_means_and_rollbacks_walk_back_through_it()
    {
        string name = await WithVersionsAsync("walk", 3);
        foreach (int version in new[] { 2, 3 })
        {
            var promoted = await _http.CallAsync(HttpMethod.Post, $"/v1/vectors/{name}:promote", new { version });
            Assert.Equal((version, version - 1), (promoted.Json.GetProperty("version").GetInt32(), promoted.Json.GetProperty("previous").GetInt32()));
            Assert.Equal((name, version), (await _http.UseAsync(name)).Applied());
        }
        foreach (int version in new[] { 2, 1 })
        {
            await _http.CallAsync(HttpMethod.Post, $"/v1/vectors/{name}:rollback", new { });
            Assert.Equal((name, version), (await _http.UseAsync(name)).Applied());
        }
        var nothing = await _http.CallAsync(HttpMethod.Post, $"/v1/vectors/{name}:rollback", new { });
        var history = (await _http.ReadAsync(Alias(name))).Json.GetProperty("history").EnumerateArray().Select(change => (change.GetProperty("change").GetString(), change.GetProperty("version").GetInt32()));

        Assert.Equal((HttpStatusCode.Conflict, "nothing_to_roll_back"), (nothing.Status, nothing.Error.Code));
        Assert.Equal([("set", 1), ("set", 2), ("set", 3), ("rollback", 2), ("rollback", 1)], history);
    }

    [Fact]
    public async Task A_canary_is_promoted_by_its_alias()
    {
        string name = await WithVersionsAsync("bird", 2);
        await _http.CallAsync(HttpMethod.Put, Alias(name, "canary"), new { version = 2 });
        await _http.CallAsync(HttpMethod.Post, $"/v1/vectors/{name}:promote", new { version = "canary" });

        Assert.Equal((name, 2), (await _http.UseAsync(name)).Applied());
        Assert.Equal((name, 2), (await _http.UseAsync($"{name}@canary")).Applied());
        Assert.Equal(["canary", "prod"], (await _http.ReadAsync($"/v1/vectors/{name}/aliases")).Json.GetProperty("data").EnumerateArray().Select(alias => alias.GetProperty("alias").GetString()).Order());
    }

    [Fact]
    public async Task Of_two_who_saw_the_same_revision_one_wins_and_the_other_is_told()
    {
        string name = await WithVersionsAsync("cas", 3);
        string seen = (await _http.ReadAsync(Alias(name))).Headers.ETag!.Tag;
        var replies = await Task.WhenAll(new[] { 2, 3 }.Select(version => _http.CallAsync(HttpMethod.Put, Alias(name), new { version }, ("If-Match", seen))));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Conflict], replies.Select(reply => reply.Status).Order());
        var loser = replies.Single(reply => reply.Status == HttpStatusCode.Conflict).Error;
        Assert.Equal(("conflict_error", "alias_changed"), (loser.Type, loser.Code));
        int winner = replies.Single(reply => reply.Status == HttpStatusCode.OK).Json.GetProperty("version").GetInt32();
        Assert.Equal((name, winner), (await _http.UseAsync(name)).Applied());
    }

    [Fact]
    public async Task An_alias_that_must_be_new_is_not_taken_over()
    {
        string name = await WithVersionsAsync("new", 2);
        var first = await _http.CallAsync(HttpMethod.Put, Alias(name, "beta"), new { version = 1 }, ("If-None-Match", "*"));
        var second = await _http.CallAsync(HttpMethod.Put, Alias(name, "beta"), new { version = 2 }, ("If-None-Match", "*"));
        var unreadable = await _http.CallAsync(HttpMethod.Put, Alias(name, "beta"), new { version = 2 }, ("If-Match", "\"soon\""));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Conflict, HttpStatusCode.BadRequest), (first.Status, second.Status, unreadable.Status));
        Assert.Equal((name, 1), (await _http.UseAsync($"{name}@beta")).Applied());
    }

    [Fact]
    public async Task What_is_not_there_is_named()
    {
        string name = await WithVersionsAsync("here", 1);
        (Reply Reply, string Says)[] refusals =
        [
            (await _http.CallAsync(HttpMethod.Put, Alias(name), new { version = 7 }), "has no version 7; it has versions 1"),
            (await _http.CallAsync(HttpMethod.Put, Alias("heere"), new { version = 1 }), "did you mean 'here'"),
            (await _http.ReadAsync(Alias(name, "beta")), "has no alias 'beta'; it has prod"),
            (await _http.CallAsync(HttpMethod.Post, $"/v1/vectors/{name}:promote", new { version = "beta" }), "it has versions 1"),
        ];

        Assert.All(refusals, refusal => Assert.Equal(HttpStatusCode.NotFound, refusal.Reply.Status));
        Assert.All(refusals, refusal => Assert.Contains(refusal.Says, refusal.Reply.Error.Message, StringComparison.Ordinal));
        var number = await _http.CallAsync(HttpMethod.Put, Alias(name, "12"), new { version = 1 });
        Assert.Equal((HttpStatusCode.BadRequest, "alias"), (number.Status, number.Error.Param));
    }

    [Fact]
    public async Task Archiving_ends_new_uses_only_and_the_same_content_brings_a_version_back()
    {
        string name = await WithVersionsAsync("gone", 2);
        using var stream = await _http.SendAsync(Api.Request(Api.Completions, new { prompt = "Once", max_tokens = 300, ignore_eos = true, stream = true, steering = name }, []), HttpCompletionOption.ResponseHeadersRead);
        var inUse = await _http.CallAsync(HttpMethod.Delete, $"/v1/vectors/{name}/versions/1");
        var archived = await _http.CallAsync(HttpMethod.Delete, $"/v1/vectors/{name}");
        var used = await _http.UseAsync(name);
        string events = await stream.Content.ReadAsStringAsync();

        Assert.Equal((HttpStatusCode.Conflict, "version_in_use"), (inUse.Status, inUse.Error.Code));
        Assert.Equal((2, "prod"), (archived.Json.GetProperty("versions").GetArrayLength(), archived.Json.GetProperty("aliases")[0].GetString()));
        Assert.Equal((HttpStatusCode.NotFound, true), (used.Status, used.Error.Message.Contains("archived", StringComparison.Ordinal)));
        Assert.Contains("\"generated_tokens_steered\":299", events, StringComparison.Ordinal); // admitted before: it went on with its version
        Assert.DoesNotContain(name, (await _http.ReadAsync(Vectors.Path)).Body, StringComparison.Ordinal);
        Assert.Contains($"{name}@2", (await _http.ReadAsync($"{Vectors.Path}?archived=true")).Body, StringComparison.Ordinal);

        byte[] saved = await _http.GetByteArrayAsync($"/v1/vectors/{name}@2/download"); // what is archived is kept, not lost
        var back = await _http.UploadAsync(saved, name);
        Assert.Equal((HttpStatusCode.OK, $"{name}@2"), (back.Status, back.Id()));
        Assert.Equal((name, 2), (await _http.UseAsync(name)).Applied());
        Assert.Equal(HttpStatusCode.Conflict, (await _http.CallAsync(HttpMethod.Put, Alias(name), new { version = 1 })).Status);
    }
}
