using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Steering.Tests;
using SteeringServer.Features.Extraction;
using SteeringServer.Features.Operations;
using SteeringServer.Hosting;
using SteeringServer.Storage;
using SteeringServer.Tests.Features.Vectors;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Extraction;

/// <summary>What becomes of an extraction when it is cancelled, its model is taken out of service, or the server ends.</summary>
public sealed class ExtractionLifeTests
{
    // Long enough to be interrupted in the middle of its longest stage.
    private static readonly object Long = new { vector = "long", text = Extractions.Lines(24), grains = new { points = 80, top_k = 2 } };

    [Fact]
    public async Task A_restart_goes_on_from_the_last_checkpoint_and_gives_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var options = RunningServer.Options with { Data = folder.Path };
        string id;
        int before;
        await using (var first = await RunningServer.StartAsync(options))
        {
            id = await first.BeginAsync(Long);
            await Eventually.TrueAsync(async () => (await first.OperationAsync(id)).Done(stage: 0) >= 8, "some examples are attributed");
            await first.StopAsync();
            before = Kept(first, id);
        }
        Assert.InRange(before, 16, 47);

        await using var second = await RunningServer.StartAsync(options);
        int found = Kept(second, id);
        var resumed = await second.FinishedAsync(id);
        var whole = await second.FinishedAsync(await second.BeginAsync(Long));

        Assert.Equal(before, found);
        Assert.Equal("succeeded", resumed.State());
        Assert.Equal(whole.GetProperty("response").GetProperty("sha256").GetString(), resumed.GetProperty("response").GetProperty("sha256").GetString());
        Assert.Equal($"{whole.GetProperty("response").GetProperty("blocks")}", $"{resumed.GetProperty("response").GetProperty("blocks")}");
        Assert.Equal($"{whole.GetProperty("response").GetProperty("strength")}", $"{resumed.GetProperty("response").GetProperty("strength")}");
        Assert.True(whole.GetProperty("response").GetProperty("existing").GetBoolean());
        Assert.Equal(0, Kept(second, id)); // nobody needs them any more
    }

    [Fact]
    public async Task Cancelling_ends_what_runs_and_what_waits_and_nothing_is_registered()
    {
        await using var server = await RunningServer.StartAsync();
        string running = await server.BeginAsync(Long), waiting = await server.BeginAsync(Long);
        await Eventually.TrueAsync(async () => (await server.OperationAsync(running)).Done(stage: 0) > 0, "it runs");
        Assert.Equal("queued", (await server.OperationAsync(waiting)).State());
        Assert.Equal((HttpStatusCode.Conflict, "operation_running"), (await server.Http.CallAsync(HttpMethod.Delete, $"/v1/operations/{running}")) is var refused ? (refused.Status, refused.Error.Code) : default);

        var waited = await server.Http.CallAsync(HttpMethod.Post, $"/v1/operations/{waiting}:cancel");
        await server.Http.CallAsync(HttpMethod.Post, $"/v1/operations/{running}:cancel");
        var ended = await server.FinishedAsync(running);

        Assert.Equal(("cancelled", "cancelled"), (waited.Json.State(), ended.State()));
        Assert.Equal(1, ended.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.ReadAsync("/v1/vectors/long")).Status);
        Assert.Equal("cancelled", (await server.Http.CallAsync(HttpMethod.Post, $"/v1/operations/{running}:cancel")).Json.State());
        Assert.Equal(HttpStatusCode.OK, (await server.Http.CallAsync(HttpMethod.Delete, $"/v1/operations/{running}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.ReadAsync($"/v1/operations/{running}")).Status);
        // The next one finds the place free.
        Assert.Equal("succeeded", (await server.FinishedAsync(await server.BeginAsync(new { vector = "next", text = Extractions.Lines(4), grains = new { points = 2, top_k = 1, summary = "mean" } }))).State());
    }

    [Fact]
    public async Task One_that_is_cancelled_just_as_it_is_taken_does_not_run_on()
    {
        await using var server = await RunningServer.StartAsync();
        var operations = server.Services.GetRequiredService<OperationStore>();
        string id = await server.BeginAsync(Long);
        await Eventually.TrueAsync(async () => (await server.OperationAsync(id)).State() == "running", "it is taken");

        operations.Update(ExtractionWorker.Cancelled(operations.Require(id))); // what cancelling does to one that waits
        operations.Delete(id);
        var next = await server.FinishedAsync(await server.BeginAsync(new { vector = "next", text = Extractions.Lines(4), grains = new { points = 2, top_k = 1, summary = "mean" } }));

        Assert.Equal("succeeded", next.State());
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.ReadAsync("/v1/vectors/long")).Status);
    }

    [Fact]
    public async Task A_model_that_is_unloaded_interrupts_it_and_loading_it_again_goes_on()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { Models = [RunningServer.Storyworld, RunningServer.Storyworld with { Name = "other" }] });
        string id = await server.BeginAsync(new { model = "other", vector = "long", text = Extractions.Lines(24), grains = new { points = 80, top_k = 2 } });
        await Eventually.TrueAsync(async () => (await server.OperationAsync(id)).Done(stage: 0) >= 4, "it runs");

        await server.Http.CallAsync(HttpMethod.Post, "/v1/models/other:unload");
        await Eventually.TrueAsync(async () => (await server.OperationAsync(id)).State() == "queued", "it waits for its model");
        // Others do not wait for it.
        Assert.Equal("succeeded", (await server.FinishedAsync(await server.BeginAsync(new { vector = "meanwhile", text = Extractions.Lines(4), grains = new { points = 2, top_k = 1, summary = "mean" } }))).State());
        await Eventually.TrueAsync(async () => (await server.Http.ReadAsync("/v1/models/other")).Json.GetProperty("state").GetString() == "unloaded", "it is unloaded");
        await server.Http.CallAsync(HttpMethod.Post, "/v1/models/other:load");

        Assert.Equal("succeeded", (await server.FinishedAsync(id)).State());
        Assert.Equal(HttpStatusCode.OK, (await server.Http.ReadAsync("/v1/vectors/long?model=other")).Status);
    }

    [Fact]
    public async Task A_database_that_cannot_be_written_does_not_end_the_server()
    {
        await using var server = await RunningServer.StartAsync();
        var database = server.Services.GetRequiredService<Serving>().Database;
        string checkpoints = database.Read(connection => connection.Rows("SELECT sql FROM sqlite_master WHERE name = 'checkpoint'", row => row.GetString(0)))[0];
        database.Write(connection => connection.Run("DROP TABLE checkpoint"));

        string id = await server.BeginAsync(new { vector = "lost", text = Extractions.Lines(4), grains = new { points = 2, top_k = 1, summary = "mean" } });
        await Eventually.TrueAsync(async () => (await server.OperationAsync(id)).State() == "running", "it has begun, and cannot keep what it computes");
        await Task.Delay(300);

        await server.AnswerAsync(Api.Completions, """{"prompt": "Once", "max_tokens": 2}""");
        Assert.False((await server.OperationAsync(id)).GetProperty("done").GetBoolean());
        database.Write(connection => connection.Run(checkpoints));
        Assert.Equal("succeeded", (await server.FinishedAsync(id)).State()); // it is tried again
    }

    private static int Kept(RunningServer server, string id) => server.Services.GetRequiredService<OperationStore>().CheckpointsOf(id);
}
