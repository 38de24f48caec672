using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Steering.Tests;
using Steering.V1;
using SteeringServer.Hosting;
using SteeringServer.Tests.Fixtures;
using SteeringServer.Tests.Grpc;

namespace SteeringServer.Tests.Hosting;

/// <summary>Several models in one process: chosen by name, loaded and unloaded while others and their own requests run.</summary>
public sealed class SeveralModelsTests
{
    private const string Greedy = """ "prompt": "Once upon a time", "max_tokens": 40, "temperature": 0, "logprobs": 0, "ignore_eos": true""";
    private static readonly ModelOptions Spare = RunningServer.Storyworld with { Name = "spare", IsOnDemand = true };

    private static Task<RunningServer> StartAsync(params ModelOptions[] others) => RunningServer.StartAsync(RunningServer.Options with { Models = [RunningServer.Storyworld, .. others], Drain = TimeSpan.FromMinutes(1) });

    private static async Task<string> StateAsync(RunningServer server, string name) => (await GetAsync(server, $"/v1/models/{name}")).GetProperty("state").GetString()!;

    private static async Task<JsonElement> GetAsync(RunningServer server, string path) => Api.Parse(await server.Http.GetStringAsync(path));

    private static async Task<HttpStatusCode> PostAsync(RunningServer server, string path) => (await server.Http.PostAsync(path, null)).StatusCode;

    private static async Task LoadAsync(RunningServer server, string name)
    {
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, $"/v1/models/{name}:load"));
        await Eventually.TrueAsync(() => server.Services.GetRequiredService<Serving>().Find(name)!.Load is null, $"{name} is loaded", TimeSpan.FromMinutes(1));
    }

    private static async Task UnloadAsync(RunningServer server, string name)
    {
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, $"/v1/models/{name}:unload"));
        await Eventually.TrueAsync(() => server.Services.GetRequiredService<Serving>().Find(name)!.Status.State == SteeringServer.Hosting.ModelState.Unloaded, $"{name} is unloaded", TimeSpan.FromMinutes(1));
    }

    private static async Task<string> TextAsync(RunningServer server, string model, string rest = Greedy)
    {
        var reply = await server.PostAsync(Api.Completions, $$"""{"model": "{{model}}",{{rest}}}""");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        return reply.Json.GetProperty("choices")[0].GetRawText();
    }

    [Fact]
    public async Task Requests_choose_a_model_by_name_and_both_generate_at_once_with_the_bits_of_one_alone()
    {
        await using var server = await StartAsync(Spare with { IsOnDemand = false });
        string alone = await TextAsync(server, "storyworld");
        var texts = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => TextAsync(server, i % 2 == 0 ? "storyworld" : "spare")));

        Assert.All(texts, text => Assert.Equal(alone, text));
        Assert.NotEqual(alone, await TextAsync(server, "spare@mood-joyful:3"));
        var serving = server.Services.GetRequiredService<Serving>();
        Assert.All(serving.Ready, served => Assert.True(served.Engine.Counters.GeneratedTokens > 0));
        Assert.Equal(["storyworld", "spare"], (await GetAsync(server, "/v1/capabilities")).GetProperty("models").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("spare", (await GetAsync(server, "/v1/capabilities?model=spare")).GetProperty("model").GetString());
    }

    [Fact]
    public async Task Two_models_that_are_both_busy_both_make_progress()
    {
        await using var server = await StartAsync(Spare with { IsOnDemand = false });
        const string Long = """ "prompt": "Once", "max_tokens": 400, "ignore_eos": true, "n": 4""";
        var both = Task.WhenAll(TextAsync(server, "storyworld", Long), TextAsync(server, "spare", Long));
        var engines = server.Services.GetRequiredService<Serving>().Ready.Select(served => served.Engine.Counters).ToList();
        await Eventually.TrueAsync(() => engines.All(counters => counters.Running == 4 && counters.GeneratedTokens > 100), "both have generated");
        await both;
    }

    [Fact]
    public async Task An_unknown_model_is_named_with_those_there_are()
    {
        await using var server = await StartAsync(Spare);
        var reply = await server.PostAsync(Api.Completions, """{"model": "sparee", "prompt": "Once"}""");

        Assert.Equal((HttpStatusCode.NotFound, "model_not_found"), (reply.Status, reply.Error.Code));
        Assert.Contains("'storyworld', 'spare'", reply.Error.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(server, "/v1/models/other:load"));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync("/v1/vectors?model=other")).StatusCode);
    }

    [Fact]
    public async Task A_model_on_demand_is_refused_until_it_is_loaded_and_again_when_it_is_unloaded()
    {
        await using var server = await StartAsync(Spare);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health/ready")).StatusCode);
        Assert.Equal("unloaded", await StateAsync(server, "spare"));
        var refused = await server.PostAsync(Api.Chat, """{"model": "spare", "messages": [{"role": "user", "content": "Hello"}]}""");
        Assert.Equal((HttpStatusCode.NotFound, "model_not_loaded"), (refused.Status, refused.Error.Code));
        Assert.Contains("POST /v1/models/spare:load", refused.Error.Message, StringComparison.Ordinal);

        await LoadAsync(server, "spare");
        Assert.Equal("ready", await StateAsync(server, "spare"));
        Assert.Equal(await TextAsync(server, "storyworld"), await TextAsync(server, "spare"));

        await UnloadAsync(server, "spare");
        Assert.Equal("model_not_loaded", (await server.PostAsync(Api.Completions, """{"model": "spare", "prompt": "Once"}""")).Error.Code);
        await TextAsync(server, "storyworld");
        await LoadAsync(server, "spare");
        await TextAsync(server, "spare");
    }

    [Fact]
    public async Task What_is_generated_ends_in_its_own_time_while_its_model_is_unloaded_and_nothing_new_begins()
    {
        await using var server = await StartAsync(Spare with { IsOnDemand = false });
        var counters = server.Services.GetRequiredService<Serving>().Find("spare")!.Status.Served!.Engine.Counters;
        var running = server.PostAsync(Api.Completions, """{"model": "spare", "prompt": "Once", "max_tokens": 450, "ignore_eos": true, "n": 8}""");
        await Eventually.TrueAsync(() => counters.Running == 8, "it runs");
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "/v1/models/spare:unload"));
        var during = await server.PostAsync(Api.Completions, """{"model": "spare", "prompt": "Once", "max_tokens": 1}""");
        var answer = await running;

        Assert.True(during.Error.Code is "draining" or "model_not_loaded", during.Error.Code);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(8 * 450, answer.Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        await UnloadAsync(server, "spare");
    }

    [Fact]
    public async Task When_the_drain_time_is_over_what_is_left_is_ended_and_says_why()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options with { Models = [RunningServer.Storyworld, Spare with { IsOnDemand = false }], Drain = TimeSpan.Zero });
        var counters = server.Services.GetRequiredService<Serving>().Find("spare")!.Status.Served!.Engine.Counters;
        var running = server.PostAsync(Api.Completions, """{"model": "spare", "prompt": "Once", "max_tokens": 500, "ignore_eos": true, "n": 16}""");
        await Eventually.TrueAsync(() => counters.Running == 16, "it runs");
        await UnloadAsync(server, "spare");
        var answer = await running;

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "draining"), (answer.Status, answer.Error.Code));
        Assert.Contains("spare was unloaded", answer.Error.Message, StringComparison.Ordinal);
        await TextAsync(server, "storyworld");
    }

    [Fact]
    public async Task A_model_is_loaded_again_beside_the_one_that_serves()
    {
        await using var server = await StartAsync();
        var slot = server.Services.GetRequiredService<Serving>().Find("storyworld")!;
        var before = slot.Status.Served!;
        var running = server.PostAsync(Api.Completions, """{"prompt": "Once", "max_tokens": 450, "ignore_eos": true, "n": 8}""");
        await Eventually.TrueAsync(() => before.Engine.Counters.Running == 8, "it runs");
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "/v1/models/storyworld:load"));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "/v1/models/storyworld:load")); // one load is enough
        string text = await TextAsync(server, "storyworld");
        await Eventually.TrueAsync(() => !ReferenceEquals(slot.Status.Served, before), "the new one serves", TimeSpan.FromMinutes(1));

        Assert.Equal(text, await TextAsync(server, "storyworld"));
        Assert.Equal(8 * 450, (await running).Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task A_load_that_fails_says_why_and_leaves_what_serves_alone()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(Repository.PathTo("models", "storyworld", "model"))) File.Copy(file, folder.File(Path.GetFileName(file)));
        await using var server = await StartAsync(new ModelOptions { Path = folder.Path, Name = "copy" });
        string config = File.ReadAllText(folder.File("config.json"));
        File.WriteAllText(folder.File("config.json"), config.Replace("\"llama\"", "\"unheard-of\"", StringComparison.Ordinal));

        await LoadAsync(server, "copy");
        var reloaded = await GetAsync(server, "/v1/models/copy");
        Assert.Equal("ready", reloaded.GetProperty("state").GetString());
        Assert.Contains("\"unheard-of\" is not supported", reloaded.GetProperty("error").GetString(), StringComparison.Ordinal);
        await TextAsync(server, "copy");

        await UnloadAsync(server, "copy");
        await LoadAsync(server, "copy");
        Assert.Equal("failed", await StateAsync(server, "copy"));
        Assert.Contains("could not be loaded", (await server.PostAsync(Api.Completions, """{"model": "copy", "prompt": "Once"}""")).Error.Message, StringComparison.Ordinal);

        File.WriteAllText(folder.File("config.json"), config);
        await LoadAsync(server, "copy");
        await TextAsync(server, "copy");
    }

    [Fact]
    public async Task Vectors_belong_to_a_model_and_outlive_its_unloading()
    {
        await using var server = await StartAsync(Spare with { IsOnDemand = false });
        var upload = await server.Http.PostAsync("/v1/vectors?model=spare", new StringContent(JsonSerializer.Serialize(new { name = "own", tensors = new[] { new { layers = new[] { 3 }, values = Enumerable.Range(1, 256).Select(i => i / 100.0) } } }), null, "application/json"));
        Assert.Equal(HttpStatusCode.Created, upload.StatusCode);
        Assert.Equal("/v1/vectors/own/versions/1?model=spare", upload.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync(upload.Headers.Location)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync("/v1/vectors/own")).StatusCode);
        await TextAsync(server, "spare@own:0.5");

        await UnloadAsync(server, "spare");
        await LoadAsync(server, "spare");
        await TextAsync(server, "spare@own:0.5");
    }

    [SkippableFact]
    public async Task A_gguf_file_is_a_model_beside_a_folder()
    {
        string file = Path.Combine(Repository.Shared("data", "smollm2"), "SmolLM2-135M-Instruct.Q4_1.gguf");
        await using var server = await StartAsync(new ModelOptions { Path = file, Context = 512, MaxSequences = 2 });
        var reply = await server.PostAsync(Api.Chat, """{"model": "SmolLM2-135M-Instruct.Q4_1", "messages": [{"role": "user", "content": "What is the capital of France?"}], "temperature": 0, "max_tokens": 20}""");
        var details = await GetAsync(server, "/v1/models/SmolLM2-135M-Instruct.Q4_1");

        Assert.Equal("The capital of France is Paris.", reply.Text());
        Assert.Equal(("llama", "int4", 512, 210), (details.GetProperty("family").GetString(), details.GetProperty("dtype").GetString(), details.GetProperty("context").GetInt32(), details.GetProperty("stored").GetProperty("Q4_1").GetInt32()));
    }

    [Fact]
    public async Task The_service_of_models_says_and_does_the_same()
    {
        await using var server = await StartAsync(Spare);
        var models = new Models.ModelsClient(server.Channel);
        Assert.Equal([("storyworld", Steering.V1.ModelState.Ready), ("spare", Steering.V1.ModelState.Unloaded)], (await models.ListModelsAsync(new ListModelsRequest())).Models.Select(model => (model.Name, model.State)));
        var details = (await models.GetModelAsync(new GetModelRequest())).Model.Details;
        Assert.Equal(("llama", 8, 256, 8, 4, "exact", "bf16"), (details.Family, details.Blocks, details.Width, details.Heads, details.KeyValueHeads, details.Numerics, details.Dtype));
        Assert.Equal(11, details.Sites.Count);

        Assert.Equal(Steering.V1.ModelState.Loading, (await models.LoadModelAsync(new LoadModelRequest { Name = "spare" })).Model.State);
        await Eventually.TrueAsync(() => models.GetModel(new GetModelRequest { Name = "spare" }).Model.State == Steering.V1.ModelState.Ready, "spare is loaded", TimeSpan.FromMinutes(1));
        await server.Generation().GenerateAsync(new GenerateRequest { Model = "spare", Prompt = { Rpc.Text("Once") }, MaxTokens = 1 });
        await models.UnloadModelAsync(new UnloadModelRequest { Name = "spare" });
        await Eventually.TrueAsync(() => models.GetModel(new GetModelRequest { Name = "spare" }).Model.State == Steering.V1.ModelState.Unloaded, "spare is unloaded", TimeSpan.FromMinutes(1));

        var refused = await Rpc.RefusedAsync(() => server.Generation().GenerateAsync(new GenerateRequest { Model = "spare", Prompt = { Rpc.Text("Once") } }).ResponseAsync);
        Assert.Equal((global::Grpc.Core.StatusCode.NotFound, "MODEL_NOT_LOADED"), (refused.Code, refused.Info!.Reason));
        Assert.Equal(global::Grpc.Core.StatusCode.InvalidArgument, (await Rpc.RefusedAsync(() => models.LoadModelAsync(new LoadModelRequest()).ResponseAsync)).Code);
    }

    [Fact]
    public async Task Whatever_is_asked_for_at_once_every_request_gets_an_answer_or_a_clear_refusal()
    {
        await using var server = await StartAsync(Spare);
        string expected = await TextAsync(server, "storyworld");
        var random = new Random(5);
        var refusals = new HashSet<string?>();
        int answered = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            for (int i = 0; i < 25; i++)
            {
                int what;
                lock (random) what = random.Next(8);
                if (what == 0) Assert.Contains(await PostAsync(server, "/v1/models/spare:load"), new[] { HttpStatusCode.Accepted, HttpStatusCode.ServiceUnavailable });
                else if (what == 1) Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "/v1/models/spare:unload"));
                else
                {
                    var reply = await server.PostAsync(Api.Completions, $$"""{"model": "{{(what == 2 ? "storyworld" : "spare")}}",{{Greedy}}}""");
                    if (reply.Status == HttpStatusCode.OK)
                    {
                        Assert.Equal(expected, reply.Json.GetProperty("choices")[0].GetRawText());
                        Interlocked.Increment(ref answered);
                    }
                    else lock (refusals) refusals.Add(reply.Error.Code);
                }
            }
        })));

        Assert.InRange(answered, 1, int.MaxValue);
        Assert.Subset(new HashSet<string?> { "model_not_loaded", "loading", "draining", "engine_stopped" }, refusals);
    }

    [Fact]
    public async Task Loading_and_unloading_leaves_nothing_behind()
    {
        await using var server = await StartAsync(Spare);
        async Task CycleAsync(int times)
        {
            for (int i = 0; i < times; i++)
            {
                await LoadAsync(server, "spare");
                await TextAsync(server, "spare", """ "prompt": "Once", "max_tokens": 2""");
                await UnloadAsync(server, "spare");
            }
        }

        await CycleAsync(5);
        var before = Held();
        await CycleAsync(20);
        var after = Held();

        // 25 MiB of weights and working memory each time: 500 if they stayed.
        Assert.InRange(after.Resident - before.Resident, long.MinValue, 120L << 20);
        Assert.InRange(after.Handles - before.Handles, int.MinValue, 20);
        Assert.InRange(after.Threads - before.Threads, int.MinValue, 10);
    }

    private static (long Resident, int Handles, int Threads) Held()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return (process.WorkingSet64, process.HandleCount, process.Threads.Count);
    }
}
