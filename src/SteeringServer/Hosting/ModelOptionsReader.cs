using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Steering.Compute;
using SteeringServer.Requests;

namespace SteeringServer.Hosting;

/// <summary>Reads <c>Models</c> of the configuration: a list of objects, or objects by name.</summary>
internal static class ModelOptionsReader
{
    private static readonly string[] Keys = ["Path", "Name", "Vectors", "Context", "Numerics", "Dtype", "MaxSequences", "Queue", "Load"];

    /// <exception cref="FormatException">Says where it is wrong and what was expected.</exception>
    public static ImmutableArray<ModelOptions> Read(IConfigurationSection models) => [.. models.GetChildren().Select(Model)];

    /// <summary><c>path</c>, or <c>name=path</c>.</summary>
    public static ModelOptions Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        // A path may have an equals sign as well, so a name before one has none of a path's characters.
        bool isNamed = equals > 0 && text.AsSpan(0, equals).IndexOfAny('/', '\\', '.') < 0;
        var options = isNamed ? new ModelOptions { Name = text[..equals], Path = text[(equals + 1)..] } : new ModelOptions { Path = text };
        if (options.Path.Length == 0) throw new FormatException("a folder or a .gguf file, or a name, an equals sign and one of these");
        return options.Name is null || IsName(options.Name) ? options : throw new FormatException($"a name of {NameRule} before the equals sign");
    }

    /// <summary>What names of models are made of, so that they fit into routes and into <c>model@vector:strength</c>.</summary>
    public const string NameRule = "letters, digits, '.', '_' and '-', beginning with a letter or digit";

    public static bool IsName(string name) => name.Length is > 0 and <= 128 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static ModelOptions Model(IConfigurationSection section)
    {
        string at = section.Path;
        if (section.Value is { Length: > 0 } path) return new ModelOptions { Path = path, Name = NameFromKey(section) };
        foreach (string key in section.GetChildren().Select(child => child.Key))
            if (!Keys.Contains(key, StringComparer.OrdinalIgnoreCase)) throw new FormatException($"{at}:{key} is not a setting of a model{Nearest.Hint(key, Keys)}; there are {string.Join(", ", Keys)}.");
        string? load = section["Load"]?.ToLowerInvariant();
        if (load is not (null or "startup" or "demand")) throw new FormatException($"{at}:Load: found {Found.Quote(load)}; expected startup or demand.");
        var options = new ModelOptions
        {
            Path = section["Path"] is { Length: > 0 } given ? given : throw new FormatException($"{at}:Path is missing; expected a folder or a .gguf file."),
            Name = section["Name"] ?? NameFromKey(section),
            Vectors = section["Vectors"],
            Context = Number("Context", 1, int.MaxValue),
            Numerics = Choice("Numerics", NumericsNames.All),
            Storage = Choice("Dtype", WeightStorageNames.All),
            MaxSequences = Number("MaxSequences", 1, 4096),
            Queue = Number("Queue", 0, 1_000_000),
            IsOnDemand = load == "demand",
        };
        return options.Name is null || IsName(options.Name) ? options : throw new FormatException($"{at}:Name: found {Found.Quote(options.Name)}; expected {NameRule}.");

        T? Choice<T>(string key, IReadOnlyDictionary<string, T> names) where T : struct => section[key] is not { } text ? null
            : names.TryGetValue(text, out var value) ? value : throw new FormatException($"{at}:{key}: found {Found.Quote(text)}; expected one of {string.Join(", ", names.Keys)}.");

        int? Number(string key, int least, int most) => section[key] is not { } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number
            : throw new FormatException($"{at}:{key}: found {Found.Quote(text)}; expected a whole number from {least}{(most == int.MaxValue ? " up" : $" to {most}")}.");
    }

    // Items of a list have their index as the key.
    private static string? NameFromKey(IConfigurationSection section) => int.TryParse(section.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : section.Key;
}
