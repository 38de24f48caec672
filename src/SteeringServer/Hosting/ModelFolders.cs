using Steering.Engine.Loading;

namespace SteeringServer.Hosting;

/// <summary>Where a model and its vectors are on disk.</summary>
/// <param name="Model">A folder with config.json, or a GGUF file.</param>
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
    public static ModelFolders Find(ModelOptions options, string contentRoot)
    {
        var roots = new[] { Environment.CurrentDirectory, contentRoot }.Concat(Above(AppContext.BaseDirectory)).Distinct().ToList();
        string found = roots.Select(root => Path.GetFullPath(options.Path, root)).FirstOrDefault(path => ModelSource.Exists(path) || ModelSource.Exists(Inside(path)))
            ?? throw new DirectoryNotFoundException($"There is no model in {options.Path}: a model is a folder with {Config}, a folder with model/ in it, or a .gguf file. Looked "
                + $"below {string.Join(", ", roots.Take(3))}. Name one with --model <folder or file>.");
        bool isWhole = ModelSource.Exists(found);
        string model = isWhole ? found : Inside(found);
        string home = isWhole ? Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(found))! : found;
        string? vectors = options.Vectors is { } named ? roots.Select(root => Path.GetFullPath(named, root)).FirstOrDefault(Directory.Exists)
            ?? throw new DirectoryNotFoundException($"There is no folder {options.Vectors} for vectors. Name one with --vectors <folder>, or leave the option out.")
            : new[] { Path.Combine(home, "vectors"), Path.Combine(model, "vectors") }.FirstOrDefault(Directory.Exists);
        string name = ModelSource.NameOf(found);
        return new ModelFolders(model, vectors, options.Name ?? Plain(isWhole && name == "model" ? Path.GetFileName(home) : name));
    }

    private static string Inside(string folder) => Path.Combine(folder, "model");

    // A folder may be called what a model cannot be.
    private static string Plain(string name)
    {
        string plain = string.Concat(name.Select(c => ModelOptionsReader.IsName($"a{c}") ? c : '-')).TrimStart('.', '_', '-');
        return ModelOptionsReader.IsName(plain) ? plain : "model";
    }

    private static IEnumerable<string> Above(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent) yield return at.FullName;
    }
}
