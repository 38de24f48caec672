using Steering.Compute;
using Steering.Engine.Generation;
using Steering.Engine.Running;

namespace Steering.Tests.Running;

public sealed class EngineLoopTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("gemma3-text")]
    [InlineData("gpt2")]
    [InlineData("gpt-neox")]
    [InlineData("qwen3-moe")]
    [InlineData("phi3-longrope")]
    [InlineData("llama", Numerics.Fast, WeightStorage.Bf16)]
    [InlineData("llama", Numerics.Fast, WeightStorage.Q8)]
    [InlineData("qwen3-moe", Numerics.Exact, WeightStorage.Q8)]
    public void A_decode_step_allocates_nothing(string model, Numerics numerics = Numerics.Exact, WeightStorage storage = WeightStorage.Stored)
    {
        using var run = new EngineRun(model: model, numerics: numerics, storage: storage);
        var generations = Enumerable.Range(0, 8).Select(i => run.Submit(run.Request(i, steered: i > 2, tokens: 60) with { Logprobs = null })).ToArray();
        // Prefill, and a few steps for lists to reach their size; readers keep up as a server's would.
        for (int i = 0; i < 25; i++) StepAndRead();
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 30; i++) StepAndRead();
        }));
        Assert.Equal(8, run.Engine.Counters.Running);

        void StepAndRead()
        {
            Assert.True(run.Engine.Step());
            foreach (var generation in generations)
                while (generation.Events.TryRead(out _)) { }
        }
    }

    [Fact]
    public void A_cancelled_sequence_frees_its_place_and_memory_by_the_next_step()
    {
        using var run = new EngineRun();
        int free = run.Engine.Counters.FreeBlocks;
        var stays = run.Submit(run.Request(1, steered: true, tokens: 40));
        var leaves = run.Submit(run.Request(2, steered: true, tokens: 40));
        for (int i = 0; i < 5; i++) run.Engine.Step();
        Assert.Equal(2, run.Engine.Counters.Running);

        leaves.Cancel();
        run.Engine.Step();
        Assert.Equal(1, run.Engine.Counters.Running);
        Assert.Equal(1, run.Engine.Counters.Directions);
        Assert.Equal(FinishReason.Cancelled, EngineRun.Events(leaves)[^1].Finish);

        run.Finish();
        Assert.Equal(FinishReason.Length, EngineRun.Events(stays)[^1].Finish);
        Assert.Equal((free, 0, 0), (run.Engine.Counters.FreeBlocks, run.Engine.Counters.Running, run.Engine.Counters.Directions));
    }

    [Fact]
    public void Requests_beyond_the_places_wait_and_beyond_the_queue_are_refused()
    {
        using var run = new EngineRun(new EngineOptions { MaxSequences = 2, QueueLength = 3 });
        var generations = Enumerable.Range(0, 5).Select(i => run.Submit(run.Request(i, steered: false))).ToArray();
        Assert.Throws<QueueFullException>(() => run.Submit(run.Request(9, steered: false)));
        run.Engine.Step();
        Assert.Equal((2, 3), (run.Engine.Counters.Running, run.Engine.Counters.Waiting));

        generations[4].Cancel();
        run.Finish();
        Assert.All(generations[..4], g => Assert.Equal(FinishReason.Length, EngineRun.Events(g)[^1].Finish));
        Assert.Equal(FinishReason.Cancelled, EngineRun.Events(generations[4])[^1].Finish);
        run.Submit(run.Request(9, steered: false));
    }

    [Fact]
    public void Memory_for_a_whole_sequence_is_reserved_at_admission()
    {
        // One context of 128 positions is two blocks: two short requests fit side by side, a third waits for one to end.
        using var run = new EngineRun(new EngineOptions { MaxSequences = 8, KvCacheBytes = 1 });
        Assert.Equal(2, run.Engine.Counters.FreeBlocks);
        for (int i = 0; i < 3; i++) run.Submit(run.Request(0, steered: false, tokens: 10 + i));
        run.Engine.Step();
        Assert.Equal((2, 1, 0), (run.Engine.Counters.Running, run.Engine.Counters.Waiting, run.Engine.Counters.FreeBlocks));
        run.Finish();
        Assert.Equal(2, run.Engine.Counters.FreeBlocks);
    }

    [Fact]
    public void What_does_not_fit_the_context_is_refused_with_the_numbers()
    {
        using var run = new EngineRun();
        var error = Assert.Throws<ContextExceededException>(() => run.Submit(run.Request(0, steered: false, tokens: 126)));
        Assert.Equal((3, 126, 128), (error.PromptTokens, error.MaxTokens, error.Context));
        run.Submit(run.Request(0, steered: false, tokens: 125));
    }

    [Fact]
    public void A_stop_token_ends_the_sequence_and_is_the_last_token_told()
    {
        using var run = new EngineRun();
        var request = run.Request(3, steered: false);
        var free = run.Alone(request);
        int stop = free[4].Token;
        int first = free.FindIndex(e => e.Token == stop);

        var stopped = run.Alone(request with { StopTokens = [stop] });
        Assert.Equal(free[..(first + 1)].Select(e => e.Token), stopped[..^1].Select(e => e.Token));
        Assert.Equal(FinishReason.Stop, stopped[^1].Finish);

        var later = run.Alone(request with { StopTokens = [stop], MinTokens = 10 });
        Assert.DoesNotContain(stop, later[..10].Select(e => e.Token));
    }

    [Fact]
    public void Scoring_a_prompt_tells_every_token_and_generates_none()
    {
        using var run = new EngineRun(new EngineOptions { MaxSequences = 4, TokensPerStep = 10 });
        var request = run.Request(8, steered: false) with { MaxTokens = 0, PromptLogprobs = 2, Logprobs = null };
        var events = run.Alone(request);

        Assert.Equal(request.Prompt, events[..^1].Select(e => e.Token));
        Assert.True(float.IsNaN(events[0].Logprob));
        Assert.All(events[1..^1], e => Assert.True(e.IsPrompt && e.Logprob < 0 && e.Top!.Length == 2 && e.Top[0].Logprob >= e.Logprob));
        Assert.Equal(FinishReason.Length, events[^1].Finish);
    }

    [Fact]
    public void The_logprob_of_a_token_does_not_depend_on_whether_it_was_prompt_or_generated()
    {
        using var run = new EngineRun();
        var request = run.Request(3, steered: false, tokens: 12);
        var generated = run.Alone(request)[..^1];
        var whole = request with { Prompt = [.. request.Prompt, .. generated.Select(e => e.Token)], MaxTokens = 0, PromptLogprobs = 0 };
        var scored = run.Alone(whole)[..^1];

        Assert.Equal(generated.Select(e => e.Logprob), scored[request.Prompt.Length..].Select(e => e.Logprob));
    }

    [Fact]
    public async Task Draining_finishes_what_runs_and_refuses_what_comes()
    {
        using var run = new EngineRun();
        run.Engine.Start();
        var generation = run.Submit(run.Request(1, steered: true, tokens: 60));
        var drained = run.Engine.DrainAsync(CancellationToken.None);

        Assert.Throws<EngineStoppedException>(() => run.Submit(run.Request(2, steered: false)));
        await drained.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(FinishReason.Length, EngineRun.Events(generation)[^1].Finish);
    }

    [Fact]
    public async Task Disposing_ends_running_sequences_with_an_error_that_says_why()
    {
        var run = new EngineRun();
        run.Engine.Start();
        var generation = run.Submit(run.Request(1, steered: false, tokens: 100) with { Logprobs = null });
        await generation.Events.ReadAsync();
        run.Dispose();

        var last = EngineRun.Events(generation)[^1];
        Assert.True(last.Finish is FinishReason.Error or FinishReason.Length);
        if (last.Finish == FinishReason.Error) Assert.Contains("before this generation was done", last.Error);
    }
}
