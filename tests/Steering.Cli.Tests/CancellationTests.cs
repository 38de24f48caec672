using System.Diagnostics;
using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class CancellationTests
{
    [Theory]
    [InlineData("generate", "x")]
    [InlineData("chat", "x")]
    [InlineData("generate", "x", "--no-stream")]
    [InlineData("generate", "x", "--steer", "polite", "--unsteered")]
    public async Task Cancelling_closes_the_connection_and_exits_with_130(params string[] args)
    {
        await using var server = new FakeServer();
        var (arrived, closed) = HoldsItsAnswers(server);
        using var cancellation = new CancellationTokenSource();
        var steer = new Steer().With("STEER_SERVER", server.Address);

        var running = steer.RunAsync(args, cancellation.Token);
        await arrived.WaitAsync(TimeSpan.FromSeconds(20));
        await cancellation.CancelAsync();

        Assert.Equal(ExitCodes.Cancelled, await running.WaitAsync(TimeSpan.FromSeconds(20)));
        await closed.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Empty(steer.Error.ToString());
    }

    [SkippableFact]
    public async Task Ctrl_C_ends_the_process_with_130()
    {
        Skip.If(OperatingSystem.IsWindows(), "sends SIGINT");
        await using var server = new FakeServer();
        var (arrived, closed) = HoldsItsAnswers(server);
        using var process = SteerProcess.Start("generate", "x", "--server", server.Address);
        await arrived.WaitAsync(TimeSpan.FromSeconds(30));

        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);

        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(ExitCodes.Cancelled, process.ExitCode);
        await closed.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task The_program_reads_and_writes_UTF_8_and_returns_the_exit_code()
    {
        await using var server = new FakeServer();
        server.AnswersWith(request => [request["prompt"]!.Value.GetString()!], _ => null);
        using var process = SteerProcess.Start("generate", "--server", server.Address);
        await process.StandardInput.BaseStream.WriteAsync("längst 🌍\n"u8.ToArray());
        process.StandardInput.Close();

        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal("längst 🌍\n", System.Text.Encoding.UTF8.GetString(output.ToArray()).ReplaceLineEndings("\n"));
        Assert.Equal(ExitCodes.Success, process.ExitCode);
    }

    /// <summary>A server that begins a stream (or answers nothing) and waits for the client to leave; the tasks tell when a request came and when one was left.</summary>
    private static (Task Arrived, Task Closed) HoldsItsAnswers(FakeServer server)
    {
        var arrived = new TaskCompletionSource();
        var closed = new TaskCompletionSource();
        foreach (string path in (string[])["/v1/completions", "/v1/chat/completions"])
        {
            server.On(path, async (request, connection) =>
            {
                if (request["stream"]!.Value.GetBoolean())
                {
                    await connection.BeginStreamAsync();
                    await connection.EventAsync(Replies.Chunk(path, "Once"));
                }
                arrived.TrySetResult();
                await connection.ClosedByClientAsync();
                closed.TrySetResult();
            });
        }
        return (arrived.Task, closed.Task);
    }
}
