using System.Diagnostics;
using System.Text.RegularExpressions;
using Steering.Tests;

namespace SteeringServer.Tests.Fixtures;

/// <summary>The server as a process of its own, as its users start it, on free ports.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "SteeringServer.dll");

    private ServerProcess(Process process, string screen)
    {
        (Process, Screen) = (process, screen);
        Http = new HttpClient { BaseAddress = new Uri(Address().Match(screen).Value) };
    }

    public Process Process { get; }

    /// <summary>What it printed up to the command to try.</summary>
    public string Screen { get; }

    public HttpClient Http { get; }

    /// <summary>The program and its arguments on free ports.</summary>
    /// <param name="data">Folder of the database.</param>
    public static string[] Arguments(string data, params ReadOnlySpan<string> others) => [Program, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--data", data, .. others];

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(string data, string[]? others = null, params (string Name, string Value)[] environment)
    {
        var process = ExternalProgram.Start("dotnet", Arguments(data, others ?? []), Repository.Root, environment);
        var errors = process.StandardError.ReadToEndAsync(); // read all the time: a full pipe would stop the server at its next line of log
        var screen = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            screen.Add(line);
            if (screen.Count > 1 && screen[^2].StartsWith("Try it", StringComparison.Ordinal)) return new ServerProcess(process, string.Join('\n', screen));
        }
        throw new InvalidOperationException($"The server ended: {await errors}");
    }

    /// <summary>What <c>kill -9</c> does; returns when the process is gone.</summary>
    public void Kill()
    {
        Process.Kill();
        Process.WaitForExit();
    }

    public void Dispose()
    {
        Http.Dispose();
        if (!Process.HasExited) Kill();
        Process.Dispose();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
