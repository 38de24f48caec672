using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Tests.Models;

namespace Steering.Tests.Running;

/// <summary>What holds whatever the numerics, the kernels and the way weights are kept (docs/decisions.md 1); how far fast numerics and 8-bit weights are from the reference.</summary>
public sealed class NumericsTests
{
    public static TheoryData<string, Numerics, WeightStorage> Ways()
    {
        var ways = new TheoryData<string, Numerics, WeightStorage>();
        foreach (string kernels in Kernels())
            foreach (var numerics in Enum.GetValues<Numerics>())
                foreach (var storage in (WeightStorage[])[WeightStorage.Bf16, WeightStorage.Q8]) ways.Add(kernels, numerics, storage);
        return ways;
    }

    private static IEnumerable<string> Kernels()
    {
        foreach (string name in CpuBackend.Names)
        {
            try
            {
                CpuBackend.Create(1, name).Dispose();
            }
            catch (PlatformNotSupportedException)
            {
                continue; // not on this processor; "portable" always remains
            }
            yield return name;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Differently_steered_streams_each_equal_their_solo_run(string kernels, Numerics numerics, WeightStorage storage)
    {
        using var run = new EngineRun(kernels: kernels, numerics: numerics, storage: storage);
        var requests = Enumerable.Range(0, 40).Select(i => run.Request(i, steered: i % 5 != 0)).ToArray();
        var alone = requests.Select(run.Alone).ToArray();

        var together = requests.Select(run.Submit).ToArray();
        run.Finish();

        for (int i = 0; i < requests.Length; i++) EngineRun.AssertSame(alone[i], EngineRun.Events(together[i]));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen3-moe")]
    [InlineData("gpt2")]
    public void Chunks_and_threads_do_not_show_in_fast_logits(string name)
    {
        foreach (var storage in (WeightStorage[])[WeightStorage.Bf16, WeightStorage.Q8])
        {
            using var one = new GoldenModel(name, threads: 1, numerics: Numerics.Fast, storage: storage);
            using var three = new GoldenModel(name, threads: 3, numerics: Numerics.Fast, storage: storage);
            int[] ids = one.Ids();
            float[] whole = one.Logits(ids);

            Assert.Equal(whole, three.Logits(ids));
            Assert.Equal(whole, one.Logits(ids, chunk: 1));
            Assert.Equal(whole, one.Logits(ids, chunk: 5));
        }
    }

    [Fact]
    public void A_router_of_experts_is_kept_as_it_is_stored()
    {
        using var golden = new GoldenModel("qwen3-moe", storage: WeightStorage.Q8);
        Assert.Equal("f32, int8", golden.Model.KeptTypes);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gemma2")]
    public void Exact_logits_have_the_same_bits_on_all_kernels_also_with_8_bit_weights(string name)
    {
        float[]? first = null;
        foreach (string kernels in Kernels())
        {
            using var golden = new GoldenModel(name, kernels: kernels, storage: WeightStorage.Q8);
            Assert.Equal(DType.Int8, golden.Model.WeightType);
            float[] logits = golden.Logits(golden.Ids());
            Assert.Equal(first ??= logits, logits);
        }
    }

    [Theory]
    [InlineData(Numerics.Exact, WeightStorage.Bf16, 0.01)]
    [InlineData(Numerics.Fast, WeightStorage.Bf16, 0.015)]
    [InlineData(Numerics.Exact, WeightStorage.Q8, 0.02)]
    [InlineData(Numerics.Fast, WeightStorage.Q8, 0.03)]
    public void Rounding_stays_small_against_the_reference(Numerics numerics, WeightStorage storage, double bound)
    {
        using var golden = new GoldenModel("llama", numerics: numerics, storage: storage);
        float[] expected = golden.Numbers("logits"), logits = golden.Logits(golden.Ids());

        double error = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow(logits[i] - expected[i], 2);
            size += Math.Pow(expected[i], 2);
        }
        Assert.InRange(Math.Sqrt(error / size), 0, bound);
    }
}
