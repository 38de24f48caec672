using System.Diagnostics;

namespace Steering.Cli.Tests.Fakes;

/// <summary>Runs <c>steer</c> as a process of its own, with the streams of one.</summary>
internal static class SteerProcess
{
    public static Process Start(params string[] args) => StartIn("", args);

    public static Process StartIn(string folder, params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "steer.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. args])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
    }
}
