using System.Reflection;
using Microsoft.Extensions.Configuration;
using SteeringServer.Requests;

namespace SteeringServer.Hosting;

/// <summary>What the command line and the configuration ask for.</summary>
/// <param name="Options">Set where the server is to start.</param>
/// <param name="Text">What to print and leave, on standard output where <paramref name="ExitCode"/> is 0.</param>
internal sealed record CommandLine(ServerOptions? Options, string Text = "", int ExitCode = 0)
{
    /// <summary>The section of the configuration that holds the options' keys.</summary>
    public const string Section = "Steering";

    /// <summary>Wrong usage, as opposed to a failure while running.</summary>
    public const int UsageExitCode = 2;

    public static string Version { get; } =
        (Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];

    /// <summary>Configuration first, the command line over it; a list given on the command line replaces the configured one.</summary>
    public static CommandLine Read(IReadOnlyList<string> arguments, IConfiguration configuration)
    {
        if (arguments.Contains("--help") || arguments.Contains("-h")) return new CommandLine(null, Help());
        if (arguments.Contains("--version")) return new CommandLine(null, $"SteeringServer {Version}");
        var options = new ServerOptions();
        try
        {
            var given = Split(arguments);
            foreach (var definition in OptionTable.All)
            {
                bool isGiven = given.TryGetValue(definition.Name, out var values);
                var texts = isGiven ? values! : FromConfiguration(configuration.GetSection($"{Section}:{definition.Key}"));
                foreach (string text in texts) options = Apply(definition, options, text, isGiven ? definition.Name : $"{Section}:{definition.Key}");
            }
            if (options.Models.IsEmpty) options = options with { Models = ModelOptionsReader.Read(configuration.GetSection($"{Section}:Models")) };
        }
        catch (FormatException wrong)
        {
            return new CommandLine(null, $"{wrong.Message}\nRun with --help to see every option.", UsageExitCode);
        }
        return Refusal(options) is { } refusal ? new CommandLine(null, refusal, UsageExitCode) : new CommandLine(options);
    }

    public static string Help()
    {
        var lines = new List<string>
        {
            "SteeringServer: an OpenAI-compatible server that steers a language model's activations, request by request.",
            "", "Usage: SteeringServer [options]", "",
        };
        foreach (var option in OptionTable.All)
        {
            lines.Add($"  {option.Name} <{option.Value}>");
            lines.AddRange(Wrap(option.Description, 96).Select(line => $"      {line}"));
        }
        lines.AddRange(["  --help", "      Print this and leave.", "  --version", "      Print the version and leave.", "",
            $"Every option can also stand in appsettings.json under \"{Section}\" (\"Http\": \"127.0.0.1:8080\", \"ApiKeys\": [\"...\"])",
            $"or in the environment ({Section}__Http=127.0.0.1:8080, {Section}__ApiKeys__0=...); the command line comes first.",
            "", "Several models with settings of their own:",
            $"  \"{Section}\": {{ \"Models\": [{{ \"Path\": \"models/storyworld\" }}, {{ \"Name\": \"smol\", \"Path\": \"SmolLM2.gguf\", \"Context\": 2048, \"Load\": \"demand\" }}] }}",
            "Settings of a model: Path, Name, Vectors, Context, MaxSequences, Queue, Load (startup, or demand: when an operator asks for it)."]);
        return string.Join('\n', lines);
    }

    private static Dictionary<string, List<string>> Split(IReadOnlyList<string> arguments)
    {
        var given = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        for (int i = 0; i < arguments.Count; i++)
        {
            int equals = arguments[i].IndexOf('=', StringComparison.Ordinal);
            string name = equals > 0 ? arguments[i][..equals] : arguments[i];
            var definition = OptionTable.All.FirstOrDefault(option => option.Name == name)
                ?? throw new FormatException($"{Found.Quote(name)} is not an option{Nearest.Hint(name, OptionTable.All.Select(option => option.Name))}");
            string value = equals > 0 ? arguments[i][(equals + 1)..] : i + 1 < arguments.Count ? arguments[++i] : throw new FormatException($"{name} needs a value: {name} <{definition.Value}>");
            if (!given.TryGetValue(name, out var values)) given[name] = values = [];
            if (values.Count > 0 && !definition.IsRepeatable) throw new FormatException($"{name} is given twice.");
            values.Add(value);
        }
        return given;
    }

    private static IReadOnlyList<string> FromConfiguration(IConfigurationSection section) =>
        section.Value is { Length: > 0 } single ? [single] : [.. section.GetChildren().Select(child => child.Value).OfType<string>()];

    private static ServerOptions Apply(OptionDefinition definition, ServerOptions options, string text, string source)
    {
        try
        {
            return definition.Apply(options, text);
        }
        catch (FormatException wrong)
        {
            // A key does not belong on a screen, not even a bad one.
            string found = definition.Key == "ApiKeys" ? "a key that cannot be used" : Found.Quote(text);
            throw new FormatException($"{source}: found {found}; expected {wrong.Message}.");
        }
    }

    private static string? Refusal(ServerOptions options)
    {
        if (options.Grpc is { Port: > 0 } && options.Grpc == options.Http)
            return $"--http and --grpc are both {options.Http}: without TLS, HTTP/1.1 and gRPC's HTTP/2 need a port each. Choose another with --grpc <host:port>, or --grpc off.";
        return options.ApiKeys.IsEmpty ? OpenToOthers("--http", options.Http) ?? OpenToOthers("--grpc", options.Grpc) : null;
    }

    private static string? OpenToOthers(string option, ListenAddress? address) => address?.IsLoopback != false ? null
        : $"Refusing to start: {address} can be reached from other machines, and no API key is set, so anyone could use this server.\n"
        + $"Set a key with --api-key <key>, or listen on this machine only with {option} 127.0.0.1:{address.Port}.";

    private static IEnumerable<string> Wrap(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }
            line = line.Length == 0 ? word : $"{line} {word}";
        }
        yield return line;
    }
}
