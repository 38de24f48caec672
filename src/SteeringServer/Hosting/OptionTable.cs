using System.Collections.Immutable;
using System.Globalization;
using Steering.Compute;
using Steering.Compute.Cpu;

namespace SteeringServer.Hosting;

/// <summary>One setting of the server, under its command-line name and its key in the configuration section <c>Steering</c>.</summary>
/// <param name="Name">On the command line: <c>--http</c>.</param>
/// <param name="Key">In configuration: <c>Http</c>.</param>
/// <param name="Value">What it takes, for help.</param>
/// <param name="Description">For help; says the default.</param>
/// <param name="Apply">Sets it; throws <see cref="FormatException"/> with what was expected.</param>
internal sealed record OptionDefinition(string Name, string Key, string Value, string Description, Func<ServerOptions, string, ServerOptions> Apply)
{
    /// <summary>Whether it may be given several times.</summary>
    public bool IsRepeatable { get; init; }
}

/// <summary>Every setting there is: what help prints, the command line takes and configuration is read for.</summary>
internal static class OptionTable
{
    public static ImmutableArray<OptionDefinition> All { get; } =
    [
        new("--http", "Http", "host:port", "Where to listen. Port 0 takes a free one, which is printed. Default 127.0.0.1:8080; other machines can only "
            + "connect if an API key is set.",
            (options, text) => options with { Http = ListenAddress.TryParse(text, out var address) ? address : throw new FormatException("an IP address, localhost or *, a colon and a port, such as 127.0.0.1:8080") }),
        new("--grpc", "Grpc", "host:port", "Where to listen for gRPC, as HTTP/2 in clear text, or off. Port 0 takes a free one, which is printed. Default "
            + "127.0.0.1:8081; other machines can only connect if an API key is set.",
            (options, text) => options with { Grpc = text == "off" ? null : ListenAddress.TryParse(text, out var address) ? address : throw new FormatException("off, or an IP address, localhost or *, a colon and a port, such as 127.0.0.1:8081") }),
        new("--model", "Model", "[name=]path", "A model: a folder (config.json, tokenizer.json, safetensors), a folder with model/ and vectors/ in it, or a .gguf file; may be "
            + "repeated. Requests choose by name, which is the folder's or file's unless it is given; those that choose none get the first. Default "
            + "models/storyworld.",
            (options, text) => options with { Models = options.Models.Add(ModelOptionsReader.Parse(text)) }) { IsRepeatable = true },
        new("--vectors", "Vectors", "folder", "Folder of steering vectors (*.safetensors) that are registered by file name, each content once, for the first model. Default: vectors beside "
            + "each model.",
            (options, text) => options with { Vectors = text }),
        new("--data", "Data", "folder", "Folder of the database that keeps registered vectors; one server at a time. Default: steering-server in your data folder "
            + "($XDG_DATA_HOME, else ~/.local/share).",
            (options, text) => options with { Data = text.Length > 0 ? text : throw new FormatException("a folder") }),
        new("--vector-memory", "VectorMemory", "MiB", "Memory that the tensors of served vectors may take; registering more is refused until some are archived. "
            + "Default 1024.",
            (options, text) => options with { VectorMemory = Whole(text, 1, 1 << 20) }),
        new("--max-sequences", "MaxSequences", "n", "Sequences of a model that run at once. Default 64.", (options, text) => options with { MaxSequences = Whole(text, 1, 4096) }),
        new("--queue", "Queue", "n", "Sequences that may wait for a place; more are refused with 429. Default "
            + "256.", (options, text) => options with { Queue = Whole(text, 0, 1_000_000) }),
        new("--threads", "Threads", "n", "Compute threads. Default: the processor's cores, one left for the network where there are more than "
            + "two.", (options, text) => options with { Threads = Whole(text, 1, 1024) }),
        new("--numerics", "Numerics", "mode", "exact: activations to f32 accuracy. fast: rounded to bf16 or 8 bits for matrix products, where that is faster, and keys and values of attention kept as bf16. Default exact.",
            (options, text) => options with { Numerics = NumericsNames.All.TryGetValue(text, out var mode) ? mode : throw new FormatException(Either(NumericsNames.All.Keys)) }),
        new("--dtype", "Dtype", "type", "How weights are kept in memory: stored (as in the file), f32, bf16 or q8_0 (8 bits, ggml's way; weights that are quantised already stay as they are). "
            + "Default stored.",
            (options, text) => options with { Storage = WeightStorageNames.All.TryGetValue(text, out var storage) ? storage : throw new FormatException(Either(WeightStorageNames.All.Keys)) }),
        new("--kernels", "Kernels", "name", $"Which kernels compute: {string.Join(", ", CpuBackend.Names)}. Default: the fastest this machine can run.",
            (options, text) => options with { Kernels = CpuBackend.Names.Contains(text) ? text : throw new FormatException(Either(CpuBackend.Names)) }),
        new("--context", "Context", "tokens", "Context to serve, prompt and answer together. Default: what the model was made "
            + "for.", (options, text) => options with { Context = Whole(text, 1, int.MaxValue) }),
        new("--api-key", "ApiKeys", "key", "A key that callers must send (Authorization: Bearer or x-api-key); may be repeated. 'sha256:' and the key's hash "
            + "in hexadecimal keeps the key itself off the command line.",
            (options, text) => options with { ApiKeys = options.ApiKeys.Add(Security.ApiKeyHash.IsAcceptable(text) ? text : throw new FormatException("at least 8 characters without spaces, or sha256: and 64 hexadecimal digits")) }) { IsRepeatable = true },
        new("--allow-host", "AllowedHosts", "name", "A host name by which the server may be called, beside IP addresses and localhost; may be repeated, * "
            + "for any. Others are refused, because web pages could use them to reach this server.",
            (options, text) => options with { AllowedHosts = options.AllowedHosts.Add(text) }) { IsRepeatable = true },
        new("--allow-origin", "AllowedOrigins", "origin", "A web origin (https://example.org) whose pages may call the server; may be repeated. Default: none.",
            (options, text) => options with { AllowedOrigins = options.AllowedOrigins.Add(text) }) { IsRepeatable = true },
        new("--drain", "DrainSeconds", "seconds", "How long running generations may go on after SIGTERM. Default "
            + "30.", (options, text) => options with { Drain = TimeSpan.FromSeconds(Whole(text, 0, 3600)) }),
        new("--heartbeat", "HeartbeatSeconds", "seconds", "Time between signs of life on a quiet stream. Default 15.", (options, text) => options with { Heartbeat = TimeSpan.FromSeconds(Whole(text, 1, 3600)) }),
    ];

    private static string Either(IEnumerable<string> names) => $"one of {string.Join(", ", names)}";

    private static int Whole(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number : throw new FormatException(most == int.MaxValue ? $"a whole number from {least} up" : $"a whole number from {least} to {most}");
}
