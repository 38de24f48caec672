using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Steering.Cli.Api;

/// <summary>Reads several answers at the same time.</summary>
internal static class ConcurrentReplies
{
    /// <summary>Yields replies in order of arrival with the index of their source. When one source fails, the others are cancelled and its exception is thrown.</summary>
    public static async IAsyncEnumerable<(int Index, GenerationReply Reply)> MergeAsync(
        IReadOnlyList<IAsyncEnumerable<GenerationReply>> sources, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var arrived = Channel.CreateUnbounded<(int, GenerationReply)>(new UnboundedChannelOptions { SingleReader = true });
        var reading = ReadAllAsync();
        try
        {
            // Not cancelled itself: the readers are, and they end the channel with the reason.
            await foreach (var item in arrived.Reader.ReadAllAsync(CancellationToken.None)) yield return item;
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }

        async Task ReadAllAsync()
        {
            try
            {
                await Task.WhenAll(sources.Select(ReadAsync));
                arrived.Writer.Complete();
            }
            catch (Exception problem) // Whatever a source throws is the reader's to see.
            {
                arrived.Writer.Complete(problem);
            }
        }

        async Task ReadAsync(IAsyncEnumerable<GenerationReply> source, int index)
        {
            try
            {
                await foreach (var reply in source.WithCancellation(stop.Token)) arrived.Writer.TryWrite((index, reply));
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }
    }
}
