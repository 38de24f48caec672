namespace SteeringServer.Hosting;

/// <summary>Where a model and its vectors are on disk.</summary>
/// <param name="Model">Holds config.json.</param>
/// <param name="Vectors">Null: there are none.</param>
/// <param name="Name">What requests call the model.</param>
internal sealed record ModelFolders(string Model, string? Vectors, string Name)
{
    private const string Config = "config.json";

    /// <summary>
    /// Finds what the options name: as written, below the content root, or below a folder above the program (a repository's root, where it is run from its
    /// build folder). A folder with <c>model/</c> in it is a model with its vectors.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">Says where was looked.</exception>
    public static ModelFolders Find(ServerOptions options, string contentRoot)
    {
        var roots = new[] { Environment.CurrentDirectory, contentRoot }.Concat(Above(AppContext.BaseDirectory)).Distinct().ToList();
        string folder = roots.Select(root => Path.GetFullPath(options.Model, root)).FirstOrDefault(HasModel)
            ?? throw new DirectoryNotFoundException($"There is no model in {options.Model}: a model folder has {Config}, or a folder model/ with it. Looked "
                + $"below {string.Join(", ", roots.Take(3))}. Name one with --model <folder>.");
        bool isWhole = File.Exists(Path.Combine(folder, Config));
        string model = isWhole ? folder : Path.Combine(folder, "model");
        string home = isWhole ? Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder))! : folder;
        string? vectors = options.Vectors is { } named ? roots.Select(root => Path.GetFullPath(named, root)).FirstOrDefault(Directory.Exists)
            ?? throw new DirectoryNotFoundException($"There is no folder {options.Vectors} for vectors. Name one with --vectors <folder>, or leave the option out.")
            : new[] { Path.Combine(home, "vectors"), Path.Combine(model, "vectors") }.FirstOrDefault(Directory.Exists);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return new ModelFolders(model, vectors, isWhole && name == "model" ? Path.GetFileName(home) : name);
    }

    private static bool HasModel(string folder) => File.Exists(Path.Combine(folder, Config)) || File.Exists(Path.Combine(folder, "model", Config));

    private static IEnumerable<string> Above(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent) yield return at.FullName;
    }
}
