using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;

namespace SteeringServer.Features.Vectors;

/// <summary>Reads the vectors shipped beside a model: every <c>*.safetensors</c> of a folder, named by its file.</summary>
internal static class VectorFolder
{
    private const string Extension = ".safetensors";

    /// <param name="folder">Null or absent: no vectors.</param>
    /// <param name="skipped">Told about each file that cannot be served, and why.</param>
    public static IEnumerable<SteeringVector> Read(string? folder, Action<string> skipped)
    {
        string[] paths = Directory.Exists(folder) ? Directory.GetFiles(folder, "*" + Extension) : [];
        foreach (string path in paths.Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            if (!VectorReference.IsName(name))
            {
                skipped($"{path}: {name} is no vector name (lower-case letters, digits, '.', '_', '-'); rename the file");
                continue;
            }
            SteeringVector vector;
            try
            {
                vector = VectorFile.Read(path, name, version: 1);
            }
            catch (ModelFormatException malformed)
            {
                skipped(malformed.Message);
                continue;
            }
            yield return vector;
        }
    }
}
