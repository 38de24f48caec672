using System.Buffers;

namespace Steering.Cli.Commands.Vectors;

/// <summary>A file written whole or not at all, under a name that nobody else chose the folder of.</summary>
internal static class SavedFile
{
    private const int LongestName = 128;
    private static readonly SearchValues<char> Harmless = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@+");

    /// <summary>
    /// A server's suggestion made into a name in the folder of the caller's choice: no folders (CWE-22), no hidden file, nothing that reads as an option.
    /// Null where nothing is left.
    /// </summary>
    public static string? NameFrom(string? suggestion)
    {
        if (suggestion is null) return null;
        string last = suggestion.Trim('"')[(suggestion.Trim('"').LastIndexOfAny(['/', '\\']) + 1)..];
        string name = new([.. last.Select(c => Harmless.Contains(c) ? c : '_')]);
        name = name.TrimStart('.', '-').TrimEnd('.');
        return name.Length is 0 or > LongestName ? null : name;
    }

    /// <exception cref="RefusalException">Something is there, and is not to be overwritten.</exception>
    public static void RequireFree(string path, bool overwrites)
    {
        if (!overwrites && Path.Exists(path)) throw new RefusalException($"{path} exists: --force overwrites it, -o names another file.");
    }

    /// <summary>Writes beside the file and renames when complete, so that no reader ever sees half of it. Returns the size in bytes.</summary>
    /// <exception cref="RefusalException">The file exists, or cannot be written.</exception>
    public static async Task<long> WriteAsync(string path, bool overwrites, Func<Stream, Task<long>> copy)
    {
        RequireFree(path, overwrites);
        string partial = Path.Combine(Path.GetDirectoryName(path) ?? "", $".steer-{Path.GetRandomFileName()}.part");
        try
        {
            long bytes;
            var file = new FileStream(partial, FileMode.CreateNew);
            try
            {
                await using (file) bytes = await copy(file);
                File.Move(partial, path, overwrites);
            }
            finally
            {
                File.Delete(partial);
            }
            return bytes;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new RefusalException($"{path} cannot be written: {problem.Message}");
        }
    }
}
