using System.Threading.Channels;

namespace Steering.Cli.Commands;

/// <summary>
/// Lines of a reader, awaited with cancellation. Reading a console blocks and cannot be interrupted, so a background thread does it: on Ctrl-C the
/// process ends without waiting for another key.
/// </summary>
internal sealed class InputLines
{
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(1);

    public InputLines(TextReader reader)
    {
        var thread = new Thread(() => ReadAll(reader)) { IsBackground = true, Name = "input" };
        thread.Start();
    }

    /// <summary>The next line, or null at the end.</summary>
    public async Task<string?> NextAsync(CancellationToken cancellation) =>
        await _lines.Reader.WaitToReadAsync(cancellation) && _lines.Reader.TryRead(out string? line) ? line : null;

    private void ReadAll(TextReader reader)
    {
        try
        {
            while (reader.ReadLine() is { } line) _lines.Writer.WriteAsync(line).AsTask().GetAwaiter().GetResult();
            _lines.Writer.Complete();
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            _lines.Writer.Complete(problem);
        }
    }
}
