using Spectre.Console;
using Steering.Cli.Commands;

namespace Steering.Cli.Tests.Fakes;

/// <summary>Runs <c>steer</c> inside the test process, with texts for streams.</summary>
internal sealed class Steer
{
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);

    public ObservedWriter Out { get; } = new();
    public ObservedWriter Error { get; } = new();
    public string Input { get; init; } = "";

    /// <summary>Standard input and output for files.</summary>
    public byte[] InputBytes { get; init; } = [];
    public MemoryStream OutBytes { get; } = new();

    public bool Colours { get; init; }
    public bool InputIsTerminal { get; init; }
    public bool OutputIsTerminal { get; init; }

    public Steer With(string variable, string value)
    {
        _environment[variable] = value;
        return this;
    }

    /// <summary>Runs a command line against a server, whose address stands in the environment.</summary>
    public Task<int> RunAsync(FakeServer server, params string[] args) => With("STEER_SERVER", server.Address).RunAsync(args);

    public Task<int> RunAsync(params string[] args) => RunAsync(args, CancellationToken.None);

    public Task<int> RunAsync(string[] args, CancellationToken cancellation)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Out),
            Ansi = OutputIsTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            Interactive = OutputIsTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            ColorSystem = Colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
        });
        console.Profile.Width = 120;
        var terminal = new Terminal
        {
            In = new StringReader(Input),
            Out = Out,
            Error = Error,
            OpenInput = () => new MemoryStream(InputBytes),
            OpenOutput = () => OutBytes,
            InputIsTerminal = InputIsTerminal,
            OutputIsTerminal = OutputIsTerminal,
            Console = console,
            Environment = name => _environment.GetValueOrDefault(name),
        };
        return SteerCommand.RunAsync(args, terminal, cancellation);
    }
}
