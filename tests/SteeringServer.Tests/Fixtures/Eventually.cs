using System.Diagnostics;

namespace SteeringServer.Tests.Fixtures;

internal static class Eventually
{
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? within = null) => TrueAsync(() => Task.FromResult(condition()), what, within);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? within = null)
    {
        var limit = within ?? TimeSpan.FromSeconds(10);
        for (var watch = Stopwatch.StartNew(); !await condition(); await Task.Delay(2))
            Assert.True(watch.Elapsed < limit, $"not within {limit.TotalSeconds} s: {what}");
    }
}
