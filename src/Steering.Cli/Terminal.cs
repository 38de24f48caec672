using System.Text;
using Spectre.Console;

namespace Steering.Cli;

/// <summary>Where a command reads and writes. Tests hand in strings; the process hands in its standard streams.</summary>
internal sealed record Terminal
{
    public required TextReader In { get; init; }
    public required TextWriter Out { get; init; }
    public required TextWriter Error { get; init; }

    /// <summary>Opens the input and the output as bytes, for files; instead of <see cref="In"/> and <see cref="Out"/>, not beside them.</summary>
    public required Func<Stream> OpenInput { get; init; }
    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>Somebody types: prompts are written, and a missing prompt is not waited for.</summary>
    public required bool InputIsTerminal { get; init; }

    /// <summary>Somebody watches: output is escaped and may be redrawn. Otherwise output is for programs and stays as it came.</summary>
    public required bool OutputIsTerminal { get; init; }

    /// <summary>Tables and live columns; writes to <see cref="Out"/>.</summary>
    public required IAnsiConsole Console { get; init; }

    /// <summary>Reads an environment variable.</summary>
    public required Func<string, string?> Environment { get; init; }

    /// <summary>Columns can be redrawn in place.</summary>
    public bool CanRedraw => OutputIsTerminal && Console.Profile.Capabilities is { Ansi: true, Interactive: true };

    /// <summary>Tables written to a file or a pipe are not wrapped at 80 columns: a program reads a row from a line.</summary>
    private const int WidthOfFiles = 4000;

    public static Terminal OfProcess()
    {
        // Model output is UTF-8 whatever the code page or locale says; a redirected stream gets no byte order mark.
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        bool outputIsTerminal = !System.Console.IsOutputRedirected;
        if (outputIsTerminal) System.Console.OutputEncoding = utf8;
        var output = outputIsTerminal ? System.Console.Out : new StreamWriter(System.Console.OpenStandardOutput(), utf8) { AutoFlush = true };
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = outputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        if (!outputIsTerminal) console.Profile.Width = WidthOfFiles;
        return new Terminal
        {
            In = System.Console.IsInputRedirected ? new StreamReader(System.Console.OpenStandardInput(), utf8) : System.Console.In,
            Out = output,
            Error = System.Console.Error,
            OpenInput = System.Console.OpenStandardInput,
            OpenOutput = System.Console.OpenStandardOutput,
            InputIsTerminal = !System.Console.IsInputRedirected,
            OutputIsTerminal = outputIsTerminal,
            Console = console,
            Environment = System.Environment.GetEnvironmentVariable,
        };
    }
}
