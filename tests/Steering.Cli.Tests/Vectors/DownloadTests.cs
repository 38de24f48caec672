using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests.Vectors;

public sealed class DownloadTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    private readonly string _folder = Directory.CreateTempSubdirectory("steer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string[] Files => [.. Directory.EnumerateFileSystemEntries(_folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Select(path => Path.GetRelativePath(_folder, path))];

    [Theory]
    [InlineData("/v1/vectors/cheerful/download", "cheerful")]
    [InlineData("/v1/vectors/cheerful@2/download?format=gguf", "cheerful@2", "--format", "gguf")]
    public async Task A_file_is_saved_where_the_option_says(string path, params string[] args)
    {
        await using var server = Serving(path);
        var steer = new Steer();
        string file = Path.Combine(_folder, "mine.bin");

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, ["vectors", "download", .. args, "-o", file]));

        Assert.Equal(Content, File.ReadAllBytes(file));
        Assert.Equal(["mine.bin"], Files);
        Assert.Equal($"{file}: 1000 bytes{Environment.NewLine}", steer.Out.ToString());
    }

    [Theory]
    [InlineData("attachment; filename=\"cheerful.2.safetensors\"", "cheerful.2.safetensors")]
    [InlineData("attachment; filename=\"x\"; filename*=UTF-8''cheerful.gguf", "cheerful.gguf")]
    [InlineData("attachment; filename=\"../../etc/cron.d/evil\"", "evil")]
    [InlineData("attachment; filename=\"..\\\\..\\\\evil.exe\"", "evil.exe")]
    [InlineData("attachment; filename*=UTF-8''..%2F..%2Fevil", "evil")]
    [InlineData("attachment; filename=\"/etc/passwd\"", "passwd")]
    [InlineData("attachment; filename=\"C:evil\"", "C_evil")]
    [InlineData("attachment; filename=\".bashrc\"", "bashrc")]
    [InlineData("attachment; filename=\"-rf\"", "rf")]
    [InlineData("attachment; filename*=UTF-8''a%1B%5B31m%0Ab.gguf", "a__31m_b.gguf")]
    [InlineData("attachment; filename=\"..\"", "cheerful@2.npz")]
    [InlineData("attachment; filename=\"folder/\"", "cheerful@2.npz")]
    [InlineData("attachment", "cheerful@2.npz")]
    [InlineData(null, "cheerful@2.npz")]
    public async Task The_servers_name_is_only_ever_a_name_in_the_chosen_folder(string? disposition, string expected)
    {
        await using var server = Serving("/v1/vectors/cheerful@2/download?format=npz", disposition);

        Assert.Equal(ExitCodes.Success, await new Steer().RunAsync(server, "vectors", "download", "cheerful@2", "--format", "npz", "-o", _folder));

        Assert.Equal([expected], Files);
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(_folder, expected)));
    }

    [Theory]
    [InlineData("mine.bin", 0)]
    [InlineData("", 1)]
    public async Task A_file_that_exists_is_kept_unless_forced(string output, int requests)
    {
        await using var server = Serving("/v1/vectors/cheerful/download", "attachment; filename=mine.bin");
        File.WriteAllText(Path.Combine(_folder, "mine.bin"), "precious");
        string[] args = ["vectors", "download", "cheerful", "-o", Path.Combine(_folder, output)];
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, args));

        Assert.Equal("precious", File.ReadAllText(Path.Combine(_folder, "mine.bin")));
        Assert.Contains("exists: --force overwrites it", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(requests, server.Requests.Count);

        Assert.Equal(ExitCodes.Success, await new Steer().RunAsync(server, [.. args, "--force"]));

        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(_folder, "mine.bin")));
        Assert.Equal(["mine.bin"], Files);
    }

    [Fact]
    public async Task Half_a_file_is_no_file()
    {
        await using var server = new FakeServer();
        server.On("/v1/vectors/cheerful/download", (_, connection) => connection.SendFileAsync(Content, announced: 2000));
        File.WriteAllText(Path.Combine(_folder, "mine.bin"), "precious");
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "vectors", "download", "cheerful", "-o", Path.Combine(_folder, "mine.bin"), "--force"));

        Assert.Equal(["mine.bin"], Files);
        Assert.Equal("precious", File.ReadAllText(Path.Combine(_folder, "mine.bin")));
        Assert.Contains("broke", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_leaves_nothing_behind()
    {
        await using var server = new FakeServer();
        var begun = new TaskCompletionSource();
        server.On("/v1/vectors/cheerful/download", async (_, connection) =>
        {
            await connection.SendFileAsync(Content, announced: 2000);
            begun.SetResult();
            await connection.ClosedByClientAsync();
        });
        using var cancellation = new CancellationTokenSource();
        var steer = new Steer().With("STEER_SERVER", server.Address);

        var running = steer.RunAsync(["vectors", "download", "cheerful", "-o", Path.Combine(_folder, "mine.bin")], cancellation.Token);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await cancellation.CancelAsync();

        Assert.Equal(ExitCodes.Cancelled, await running.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Empty(Files);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_said()
    {
        await using var server = Serving("/v1/vectors/cheerful/download");
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "vectors", "download", "cheerful", "-o", Path.Combine(_folder, "none", "mine.bin")));

        Assert.Contains("mine.bin cannot be written: ", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Files);
    }

    [Fact]
    public async Task A_dash_writes_the_bytes_and_nothing_else_to_standard_output()
    {
        await using var server = Serving("/v1/vectors/cheerful/download");
        var steer = new Steer();

        Assert.Equal(ExitCodes.Success, await steer.RunAsync(server, "vectors", "download", "cheerful", "-o", "-"));

        Assert.Equal(Content, steer.OutBytes.ToArray());
        Assert.Empty(steer.Out.ToString());
    }

    [Fact]
    public async Task The_program_pipes_bytes_and_saves_under_the_servers_name_in_the_current_folder()
    {
        await using var server = Serving("/v1/vectors/cheerful/download", "attachment; filename=\"../cheerful.1.safetensors\"");
        using var piping = SteerProcess.StartIn(_folder, "vectors", "download", "cheerful", "-o", "-", "--server", server.Address);
        using var piped = new MemoryStream();
        await piping.StandardOutput.BaseStream.CopyToAsync(piped);
        using var saving = SteerProcess.StartIn(_folder, "vectors", "download", "cheerful", "--server", server.Address);
        await saving.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(Content, piped.ToArray());
        Assert.Equal(ExitCodes.Success, saving.ExitCode);
        Assert.Equal(["cheerful.1.safetensors"], Files);
    }

    [Theory]
    [InlineData("a terminal", "-o", "-")]
    [InlineData("'safetensors'", "--format", "exe")]
    public async Task What_cannot_be_written_exits_with_2_and_asks_for_nothing(string message, params string[] args)
    {
        await using var server = Serving("/v1/vectors/cheerful/download");
        var steer = new Steer { OutputIsTerminal = true };

        Assert.Equal(ExitCodes.Usage, await steer.RunAsync(server, ["vectors", "download", "cheerful", .. args]));

        Assert.Contains(message, steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(server.Requests);
        Assert.Empty(steer.OutBytes.ToArray());
    }

    private static FakeServer Serving(string path, string? disposition = null)
    {
        var server = new FakeServer();
        server.On(path, (_, connection) => connection.SendFileAsync(Content, disposition));
        return server;
    }
}
