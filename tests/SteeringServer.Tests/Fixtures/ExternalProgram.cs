using System.Diagnostics;
using System.Text;

namespace SteeringServer.Tests.Fixtures;

/// <summary>What a program printed and how it ended.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Errors);

/// <summary>Runs programs that drive the server from outside.</summary>
internal static class ExternalProgram
{
    /// <summary>Whether a program is on the path.</summary>
    public static bool Exists(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name)));

    public static async Task<ProgramResult> RunAsync(string program, IEnumerable<string> arguments, string? folder = null, params (string Name, string Value)[] environment)
    {
        using var process = Start(program, arguments, folder, environment);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
        return new ProgramResult(process.ExitCode, await output, await errors);
    }

    public static Process Start(string program, IEnumerable<string> arguments, string? folder = null, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            WorkingDirectory = folder ?? "",
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
