using System.Text.Json;

namespace Steering.Cli.Api;

/// <summary>A vector file and what is said about it; what is null is left to the server, which recognises files by their content.</summary>
internal sealed record VectorUpload
{
    public required VectorFile File { get; init; }
    public string? Name { get; init; }

    /// <summary>Where its rows belong, for files that do not say: <c>resid_post.4,resid_post.5</c>.</summary>
    public string? Sites { get; init; }
    public string? Unit { get; init; }
    public string? Format { get; init; }
    public string? Convention { get; init; }
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The form that is sent.</summary>
    /// <param name="sent">Is told how many bytes of the file have gone out.</param>
    public MultipartFormDataContent ToForm(Action<long> sent)
    {
        var form = new MultipartFormDataContent();
        foreach (var (field, value) in ((string, string?)[])[("name", Name), ("sites", Sites), ("unit", Unit), ("format", Format), ("convention", Convention)])
            if (value is not null) form.Add(new StringContent(value), field);
        foreach (string alias in Aliases) form.Add(new StringContent(alias), "alias");
        if (Metadata.Count > 0) form.Add(new StringContent(JsonSerializer.Serialize(Metadata, WireJson.Default.IReadOnlyDictionaryStringString)), "metadata");
        form.Add(new FileContent(File, sent), "file", File.Name);
        return form;
    }
}

/// <summary>Bytes to upload.</summary>
/// <param name="Name">A hint for the server, without a folder.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Open">Opens them at their beginning, once for every time they are sent.</param>
internal sealed record VectorFile(string Name, long Length, Func<Stream> Open);
