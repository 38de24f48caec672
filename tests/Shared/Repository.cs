using System.Runtime.CompilerServices;

namespace Steering.Tests;

/// <summary>Where tests find files: the repository's own, and the reference data beside it (absent on most machines).</summary>
internal static class Repository
{
    /// <summary>The repository's root: the folder that holds SteeringServer.sln.</summary>
    public static string Root { get; } = FindRoot();

    public static string PathTo(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A file or folder of the reference data in <c>../shared</c> (or <c>$STEERING_SHARED</c>); the test is skipped, naming it, when it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        string path = SharedOrNull(parts) ?? "";
        Skip.If(path.Length == 0, $"needs reference data that is not here: shared/{string.Join('/', parts)}");
        return path;
    }

    public static string? SharedOrNull(params string[] parts)
    {
        string root = Environment.GetEnvironmentVariable("STEERING_SHARED") ?? Path.Combine(Root, "..", "shared");
        string path = Path.GetFullPath(Path.Combine([root, .. parts]));
        return Path.Exists(path) ? path : null;
    }

    private static string FindRoot([CallerFilePath] string here = "")
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "SteeringServer.sln"))) return folder.FullName;
        return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
    }
}
