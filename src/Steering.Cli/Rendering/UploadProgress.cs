using Spectre.Console;
using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>A bar that says how much of a file has been sent: on a terminal, and for files whose sending can be seen.</summary>
internal static class UploadProgress
{
    /// <param name="send">Is given what to call with the number of bytes sent so far.</param>
    public static Task<T> ShowAsync<T>(Terminal terminal, VectorFile file, Func<Action<long>, Task<T>> send)
    {
        if (!terminal.CanRedraw || file.Length < VectorStore.LargeFile) return send(_ => { });
        return terminal.Console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
            .StartAsync(bars =>
            {
                var bar = bars.AddTask(Markup.Escape(TerminalText.Escape(file.Name)), maxValue: file.Length);
                return send(sent => bar.Value = sent);
            });
    }
}
