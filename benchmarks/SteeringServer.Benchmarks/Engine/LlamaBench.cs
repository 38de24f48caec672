using System.Diagnostics;
using System.Globalization;

namespace SteeringServer.Benchmarks.Engine;

/// <summary>llama.cpp's own benchmark on the same file, threads and numbers of tokens, where somebody has built it.</summary>
internal static class LlamaBench
{
    /// <summary>Its table as it prints it, or <c>not measured</c>.</summary>
    /// <param name="program">Path of llama-bench; null where there is none.</param>
    public static string Run(string? program, string model, int threads)
    {
        if (program is null) return "not measured (`--llama-bench PATH` runs llama.cpp's llama-bench on the same file)";
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-m", model, "-t", threads.ToString(CultureInfo.InvariantCulture), "-p", "512", "-n", "64", "-r", "5"]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        string table = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? table.Trim() : $"not measured: {program} ended with {process.ExitCode}: {errors.Result.Trim().Split('\n')[^1]}";
    }
}
