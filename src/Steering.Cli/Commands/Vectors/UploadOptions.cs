using System.CommandLine;
using Steering.Cli.Api;

namespace Steering.Cli.Commands.Vectors;

/// <summary>The file of an upload and what is said about it; what is not given is left to the server.</summary>
internal sealed class UploadOptions
{
    private const string StandardInput = "-";

    private readonly Argument<string> _file = new("file") { Description = "safetensors, GGUF, npz, npy, PyTorch or JSON; recognised by its content. - reads standard input." };
    private readonly Option<string?> _name = new("--name") { Description = "Name of the vector. Otherwise what the file is called, without its ending.", HelpName = "name" };
    private readonly Option<string?> _sites = new("--sites") { Description = "Where its rows belong, if the file does not say: resid_post.4, resid_post.2-6 or several with commas.", HelpName = "sites" };
    private readonly Option<string?> _unit = new("--unit") { Description = "What strength 1 means: raw, rms, token_norm, degrees or fraction. Otherwise what the file says, otherwise raw.", HelpName = "unit" };
    private readonly Option<string?> _format = new("--format") { Description = "What the file must be; without it, the server recognises it.", HelpName = "format" };
    private readonly Option<string?> _convention = new("--convention") { Description = "Whose names and block indices it uses; without it, the server recognises them.", HelpName = "convention" };
    private readonly Option<string[]> _aliases = new("--alias") { Description = "Point this alias at the new version. May be repeated.", HelpName = "alias" };
    private readonly Option<string[]> _metadata = new("--metadata") { Description = "Kept with the version. May be repeated.", HelpName = "key=value" };

    public void AddTo(Command command)
    {
        command.Add(_file);
        foreach (var option in (Option[])[_name, _sites, _unit, _format, _convention, _aliases, _metadata]) command.Add(option);
    }

    /// <exception cref="UsageException">The file cannot be read, or an option makes no sense.</exception>
    public async Task<VectorUpload> ReadAsync(ParseResult line, Terminal terminal, CancellationToken cancellation) => new()
    {
        Metadata = Pairs(line.GetValue(_metadata) ?? []),
        File = await OpenAsync(line.GetRequiredValue(_file), terminal, cancellation),
        Name = line.GetValue(_name),
        Sites = line.GetValue(_sites),
        Unit = line.GetValue(_unit),
        Format = line.GetValue(_format),
        Convention = line.GetValue(_convention),
        Aliases = line.GetValue(_aliases) ?? [],
    };

    private static async Task<VectorFile> OpenAsync(string path, Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            if (path is StandardInput)
            {
                if (terminal.InputIsTerminal) throw new UsageException("- reads a file from standard input, which is a terminal: name the file, or send it through a pipe.");
                return await KeepAsync(terminal.OpenInput(), cancellation);
            }
            var file = File.OpenRead(path);
            if (!file.CanSeek) return await KeepAsync(file, cancellation);
            await using (file) return new VectorFile(PlainName(path), file.Length, () => File.OpenRead(path));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"the file '{path}' cannot be read: {problem.Message}");
        }
    }

    /// <summary>Bytes that come only once are kept, since an upload may have to be sent again. A pipe has no name, and - cannot be taken for a vector's.</summary>
    private static async Task<VectorFile> KeepAsync(Stream stream, CancellationToken cancellation)
    {
        await using (stream)
        {
            var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, cancellation);
            return new VectorFile(StandardInput, bytes.Length, () => new MemoryStream(bytes.GetBuffer(), 0, (int)bytes.Length, writable: false));
        }
    }

    /// <summary>The name goes into a header, where a quote or a line break would end it; it is only a hint.</summary>
    private static string PlainName(string path) => new([.. Path.GetFileName(path).Select(c => c is '"' or '\\' || char.IsControl(c) ? '_' : c)]);

    private static SortedDictionary<string, string> Pairs(IReadOnlyList<string> texts)
    {
        var pairs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new UsageException($"--metadata: '{text}' is not key=value.");
            if (!pairs.TryAdd(text[..equals], text[(equals + 1)..])) throw new UsageException($"--metadata: {text[..equals]} is given twice.");
        }
        return pairs;
    }
}
