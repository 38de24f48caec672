using System.Text;

namespace Steering.Cli.Tests.Fakes;

/// <summary>Collects text and tells when something has been written.</summary>
internal sealed class ObservedWriter : TextWriter
{
    private readonly StringBuilder _text = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Append(value.ToString());

    public override void Write(string? value) => Append(value ?? "");

    public override void Write(char[] buffer, int index, int count) => Append(new string(buffer, index, count));

    public override Task WriteAsync(ReadOnlyMemory<char> buffer, CancellationToken cancellationToken = default)
    {
        Append(buffer.ToString());
        return Task.CompletedTask;
    }

    public override string ToString()
    {
        lock (_text) return _text.ToString();
    }

    /// <summary>Waits until the text so far contains this.</summary>
    public async Task WaitForAsync(string text)
    {
        while (true)
        {
            Task changed;
            lock (_text)
            {
                if (_text.ToString().Contains(text, StringComparison.Ordinal)) return;
                changed = _changed.Task;
            }
            await changed.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    private void Append(string text)
    {
        lock (_text)
        {
            _text.Append(text);
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
