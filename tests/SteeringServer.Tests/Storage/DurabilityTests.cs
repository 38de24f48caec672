using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Steering.Tests;
using SteeringServer.Storage;
using SteeringServer.Tests.Features.Vectors;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Storage;

/// <summary>What was answered is still there after a restart and after a kill, and a folder that cannot be used is refused in words.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public async Task Everything_that_was_answered_survives_kills_at_random_moments()
    {
        using var data = new TemporaryFolder();
        var known = new List<(string Id, string Sha)>();
        var random = new Random(11);
        for (int life = 0; life < 4; life++)
        {
            using var server = await ServerProcess.StartAsync(data.Path);
            await CheckAsync(server, known);
            // Uploads go on while the process is killed: each of them was answered with 201 and must be there, or was not and may be.
            int killsAfter = random.Next(1, 12);
            var killed = Task.CompletedTask;
            for (int i = 0; ; i++)
            {
                if (i == killsAfter) killed = Task.Delay(random.Next(0, 40)).ContinueWith(_ => server.Kill(), TaskScheduler.Default);
                try
                {
                    var reply = await server.Http.UploadAsync(Vectors.File(life * 10_000 + i), $"v{i % 3}");
                    Assert.True(reply.Status == HttpStatusCode.Created, reply.Body);
                    known.Add((reply.Id(), reply.Json.GetProperty("sha256").GetString()!));
                }
                catch (HttpRequestException) // the process is gone
                {
                    break;
                }
            }
            await killed;
        }
        Assert.NotEmpty(known);
        using (var server = await ServerProcess.StartAsync(data.Path)) await CheckAsync(server, known);
        using var database = new SqliteConnection($"Data Source={data.File("steering.db")};Pooling=false");
        database.Open();
        Assert.Equal(["ok"], database.Rows("PRAGMA integrity_check", row => row.GetString(0)));
    }

    [Fact]
    public async Task A_restart_keeps_versions_aliases_archives_and_idempotency_keys()
    {
        using var data = new TemporaryFolder();
        var options = RunningServer.Options with { Data = data.Path };
        string key = Guid.NewGuid().ToString(), before;
        await using (var server = await RunningServer.StartAsync(options))
        {
            await server.Http.UploadAsync(Vectors.File(1), "kept", ("Idempotency-Key", key));
            await server.Http.UploadAsync(Vectors.File(2), "kept", ("unit", "token_norm"), ("alias", "canary"));
            await server.Http.CallAsync(HttpMethod.Post, "/v1/vectors/kept:promote", new { version = 2 });
            await server.Http.CallAsync(HttpMethod.Delete, "/v1/vectors/polite"); // a shipped one: it must not come back by itself
            before = await StateAsync(server);
        }
        await using var again = await RunningServer.StartAsync(options);

        Assert.Equal(before, await StateAsync(again));
        Assert.Equal(HttpStatusCode.NotFound, (await again.Http.UseAsync("polite")).Status);
        Assert.Equal(("kept", 2), (await again.Http.UseAsync("kept")).Applied());
        var replay = await again.Http.UploadAsync(Vectors.File(1), "kept", ("Idempotency-Key", key));
        Assert.Equal((HttpStatusCode.Created, "kept@1"), (replay.Status, replay.Id()));
        Assert.Equal(1, (await again.Http.CallAsync(HttpMethod.Post, "/v1/vectors/kept:rollback", new { })).Json.GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task A_shipped_file_with_other_content_becomes_a_new_version_that_nobody_gets_unasked()
    {
        using var data = new TemporaryFolder();
        using var folder = new TemporaryFolder();
        folder.Write("tone.safetensors", Vectors.File(1));
        var options = RunningServer.Options with { Data = data.Path, Vectors = folder.Path };
        for (int start = 0; start < 2; start++)
        {
            await using var server = await RunningServer.StartAsync(options);
            Assert.Equal(("tone", 1), (await server.Http.UseAsync("tone")).Applied());
        }
        folder.Write("tone.safetensors", Vectors.File(2));
        folder.Write("broken.safetensors", "no tensors");
        folder.Write("misfit.safetensors", Vectors.File(3, "resid_post.99"));
        await using var changed = await RunningServer.StartAsync(options);

        Assert.Equal(("tone", 1), (await changed.Http.UseAsync("tone")).Applied());
        Assert.Equal(("tone", 2), (await changed.Http.UseAsync("tone@2")).Applied());
        Assert.Equal(HttpStatusCode.NotFound, (await changed.Http.ReadAsync("/v1/vectors/misfit")).Status);
        Assert.Equal("shipped", (await changed.Http.ReadAsync("/v1/vectors/tone@2")).Json.GetProperty("origin").GetString());
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_ends_the_server_with_words()
    {
        using var data = new TemporaryFolder();
        using (SqliteDatabase.Open(data.Path)) await RefusedAsync(data.Path, "in use by another server");
        using (var database = new SqliteConnection($"Data Source={data.File("steering.db")};Pooling=false"))
        {
            database.Open();
            database.Run("PRAGMA user_version = 99");
        }
        await RefusedAsync(data.Path, "newer version");
        data.Write("steering.db", new string('x', 5000));
        await RefusedAsync(data.Path, "cannot be used");
        await RefusedAsync(Path.Combine(data.Write("file", "text"), "below"), "cannot be written");
    }

    [Fact]
    public async Task Memory_for_vectors_is_bounded_and_archiving_makes_room()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { VectorMemory = 1 });
        int uploaded = 0;
        Reply reply;
        // Rows of a subspace are the largest there is: 64 of 704 values at each site.
        while ((reply = await server.Http.UploadAsync(Subspace(uploaded), "wide")).Status == HttpStatusCode.Created && uploaded < 20) uploaded++;

        Assert.Equal(((HttpStatusCode)507, "vector_memory_full"), (reply.Status, reply.Error.Code));
        Assert.InRange(uploaded, 3, 6);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.UploadAsync(Subspace(0), "wide")).Status); // what is there takes nothing more
        await server.Http.CallAsync(HttpMethod.Delete, "/v1/vectors/wide/versions/2");
        Assert.Equal(HttpStatusCode.Created, (await server.Http.UploadAsync(Subspace(uploaded), "wide")).Status);
    }

    private static byte[] Subspace(int seed)
    {
        var random = new Random(seed);
        return new Steering.Engine.Loading.SafetensorsWriter().Add("mlp_act.1.u", [.. Enumerable.Range(0, 64 * 704).Select(_ => (float)(random.NextDouble() - 0.5))], 64, 704).ToArray();
    }

    [Fact]
    public async Task A_version_whose_bytes_changed_on_disk_is_not_served_until_its_content_is_registered_again()
    {
        using var data = new TemporaryFolder();
        var options = RunningServer.Options with { Data = data.Path };
        await using (var server = await RunningServer.StartAsync(options)) await server.Http.UploadAsync(Vectors.File(1), "frail");
        using (var database = new SqliteConnection($"Data Source={data.File("steering.db")};Pooling=false"))
        {
            database.Open();
            database.Run("UPDATE vector_version SET file = $file WHERE name = 'frail'", ("$file", Vectors.File(2)));
        }
        await using var again = await RunningServer.StartAsync(options);

        Assert.Equal(HttpStatusCode.NotFound, (await again.Http.UseAsync("frail")).Status);
        Assert.Equal(("mood-joyful", 1), (await again.Http.UseAsync("mood-joyful")).Applied());
        var repaired = await again.Http.UploadAsync(Vectors.File(1), "frail");
        Assert.Equal((HttpStatusCode.OK, "frail@1"), (repaired.Status, repaired.Id()));
        Assert.Equal(("frail", 1), (await again.Http.UseAsync("frail")).Applied());
    }

    private static async Task RefusedAsync(string folder, string says)
    {
        var result = await ExternalProgram.RunAsync("dotnet", ServerProcess.Arguments(folder), Repository.Root);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(says, result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }

    private static async Task<string> StateAsync(RunningServer server) => (await server.Http.ReadAsync($"{Vectors.Path}?archived=true")).Body + (await server.Http.ReadAsync("/v1/vectors/kept/aliases/prod")).Body;

    private static async Task CheckAsync(ServerProcess server, List<(string Id, string Sha)> known)
    {
        var listed = (await server.Http.ReadAsync(Vectors.Path)).Json.GetProperty("data").EnumerateArray().ToDictionary(item => item.GetProperty("id").GetString()!, item => item.GetProperty("sha256").GetString());
        foreach (var (id, sha) in known) Assert.Equal(sha, listed[id]);
        if (known.Count > 0) Assert.Equal(HttpStatusCode.OK, (await server.Http.UseAsync(known[^1].Id)).Status);
    }
}
