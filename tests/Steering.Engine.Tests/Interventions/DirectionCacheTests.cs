using System.Runtime.CompilerServices;
using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class DirectionCacheTests
{
    private static readonly DirectionKey Key = new("aa", Recipe.At("resid_post.1"), "", DirectionPreparation.AsStored);

    [Fact]
    public void Equal_keys_give_the_same_instance()
    {
        var cache = new DirectionCache();

        var first = cache.GetOrCreate(Key, () => Tensor(1));

        Assert.Same(first, cache.GetOrCreate(Key with { }, () => Tensor(2)));
    }

    public static TheoryData<DirectionKey> Others =>
        [Key with { VectorSha256 = "bb" }, Key with { Site = Recipe.At("resid_post.2") }, Key with { Roles = "u" }, Key with { Preparation = DirectionPreparation.Orthonormal }];

    [Theory]
    [MemberData(nameof(Others))]
    public void Different_keys_give_different_instances(DirectionKey other)
    {
        var cache = new DirectionCache();

        Assert.NotSame(cache.GetOrCreate(Key, () => Tensor(1)), cache.GetOrCreate(other, () => Tensor(1)));
    }

    [Fact]
    public void What_cannot_be_prepared_is_not_kept()
    {
        var cache = new DirectionCache();

        Assert.Null(cache.GetOrCreate(Key, () => null));
        Assert.NotNull(cache.GetOrCreate(Key, () => Tensor(1)));
    }

    [Fact]
    public void Entries_vanish_when_nobody_holds_them()
    {
        var cache = new DirectionCache();
        var kept = cache.GetOrCreate(Key, () => Tensor(1));
        Fill(cache, 10);

        GC.Collect();
        cache.Sweep();

        Assert.Equal(1, cache.Count);
        Assert.Same(kept, cache.GetOrCreate(Key, () => Tensor(2)));
    }

    [Fact]
    public void Abandoned_entries_do_not_pile_up()
    {
        var cache = new DirectionCache();
        for (int round = 0; round < 20; round++)
        {
            Fill(cache, 50);
            GC.Collect();
        }

        Assert.InRange(cache.Count, 1, 200);
    }

    [Fact]
    public void Many_threads_get_one_instance()
    {
        var cache = new DirectionCache();
        var results = new DirectionTensor?[64];

        Parallel.For(0, results.Length, i => results[i] = cache.GetOrCreate(Key with { VectorSha256 = (i % 4).ToString("x2", null) }, () => Tensor(i)));

        Assert.Equal(4, results.Distinct().Count());
        Assert.All(Enumerable.Range(0, results.Length), i => Assert.Same(results[i % 4], results[i]));
    }

    [Fact]
    public void A_tensor_knows_its_norm_and_content()
    {
        Assert.Equal(5, new DirectionTensor(1, 2, [3, -4]).Norm);
        Assert.Equal(new DirectionTensor(1, 2, [3, -4]).Sha256, new DirectionTensor(1, 2, [3, -4]).Sha256);
        Assert.NotEqual(new DirectionTensor(1, 2, [3, -4]).Sha256, new DirectionTensor(1, 2, [3, 4]).Sha256);
        Assert.Throws<ArgumentException>(() => new DirectionTensor(2, 2, [3, -4]));
    }

    private static int _filled;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fill(DirectionCache cache, int count)
    {
        for (int i = 0; i < count; i++) cache.GetOrCreate(Key with { VectorSha256 = $"abandoned {_filled++}" }, () => Tensor(1));
    }

    private static DirectionTensor Tensor(float value) => new(1, 1, [value]);
}
