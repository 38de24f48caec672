using System.Text.Json;
using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>Tells a person what went wrong and what to do, on the error stream.</summary>
internal static class ErrorReport
{
    public static void Write(TextWriter error, ApiException problem)
    {
        WriteLine(error, $"error: {problem.Error.Message}");
        if (problem.Error.Param is { } param) WriteLine(error, $"  param: {param}");
        if (Plain.Text(problem.Error.Code) is { Length: > 0 } code) WriteLine(error, $"  code: {code}");
        if (problem.Status is { } status) WriteLine(error, $"  status: {(int)status} {problem.Error.Type ?? status.ToString()}");
        if (problem.RetryAfter is { } wait) WriteLine(error, $"  try again in {wait.TotalSeconds:0} s");
    }

    public static void Write(TextWriter error, ConnectionException problem)
    {
        WriteLine(error, $"error: {problem.Message}");
        if (!problem.IsUnreachable) return;
        WriteLine(error, "  Start a server:      dotnet run -c Release --project src/SteeringServer");
        WriteLine(error, "  Or name another one: --server URL, or the environment variable STEER_SERVER");
    }

    public static void Write(TextWriter error, UsageException problem) => WriteLine(error, $"error: {problem.Message}");

    public static void Write(TextWriter error, RefusalException problem) => WriteLine(error, $"error: {problem.Message}");

    private static void WriteLine(TextWriter error, string line) => error.WriteLine(TerminalText.Escape(line));
}
