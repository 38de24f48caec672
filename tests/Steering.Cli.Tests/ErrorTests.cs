using System.Net;
using System.Net.Sockets;
using Steering.Cli.Tests.Fakes;

namespace Steering.Cli.Tests;

public class ErrorTests
{
    [Fact]
    public async Task Without_a_server_the_message_says_how_to_start_one()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var steer = new Steer();

        int code = await steer.RunAsync("generate", "x", "--model", "m", "--server", $"http://127.0.0.1:{port}");

        Assert.Equal(ExitCodes.Failure, code);
        Assert.Contains($"No server answers at http://127.0.0.1:{port}/", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("dotnet run -c Release --project src/SteeringServer", steer.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("STEER_SERVER", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_API_error_shows_message_param_and_code()
    {
        await using var server = new FakeServer();
        server.On("/v1/completions", (_, connection) =>
            connection.SendJsonAsync(Replies.Error("no vector 'mood-joyfull'; did you mean mood-joyful?", "steering.use[0].vector", "vector_not_found"), 404));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "generate", "x", "--steer", "mood-joyfull"));

        Assert.Equal(
            ["error: no vector 'mood-joyfull'; did you mean mood-joyful?", "  param: steering.use[0].vector", "  code: vector_not_found", "  status: 404 invalid_request_error"],
            steer.Error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(steer.Out.ToString());
    }

    [Fact]
    public async Task A_full_queue_says_when_to_try_again()
    {
        await using var server = new FakeServer();
        server.On("/v1/completions", (_, connection) => connection.SendJsonAsync(Replies.Error("the queue is full", null, null), 429, "Retry-After: 3\r\n"));
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "generate", "x"));

        Assert.Contains("try again in 3 s", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_numeric_code_is_shown_too()
    {
        await using var server = new FakeServer();
        server.On("/v1/completions", (_, connection) => connection.SendJsonAsync("""{"error":{"message":"no","type":"x","param":null,"code":400}}""", 400));
        var steer = new Steer();

        await steer.RunAsync(server, "generate", "x");

        Assert.Contains("code: 400", steer.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(502, "<html>Bad Gateway</html>", "<html>Bad Gateway</html>")]
    [InlineData(500, "", "error: Fake")]
    [InlineData(200, "<html>Hello</html>", "does not speak this API")]
    [InlineData(200, "{\"choices\":7}", "does not speak this API")]
    public async Task An_answer_that_is_not_of_this_API_is_an_error(int status, string body, string message)
    {
        await using var server = new FakeServer();
        server.On("/v1/completions", (_, connection) => connection.SendAsync(body, "text/html", status));

        foreach (string[] options in (string[][])[[], ["--no-stream"]])
        {
            var steer = new Steer();
            Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, ["generate", "x", .. options]));
            Assert.Contains(message, steer.Error.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_connection_that_breaks_is_an_error()
    {
        await using var server = new FakeServer();
        server.On("/v1/completions", (_, _) => Task.CompletedTask);
        var steer = new Steer();

        Assert.Equal(ExitCodes.Failure, await steer.RunAsync(server, "generate", "x"));

        Assert.Contains("broke", steer.Error.ToString(), StringComparison.Ordinal);
    }
}
