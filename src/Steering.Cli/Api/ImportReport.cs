namespace Steering.Cli.Api;

/// <summary>What the server found in an uploaded file.</summary>
internal record ImportReport
{
    public string? Format { get; init; }

    /// <summary>Whose meaning of names and block indices was found: <c>repeng</c>.</summary>
    public string? Convention { get; init; }
    public IReadOnlyList<Translation>? Translations { get; init; }

    /// <summary>Why it cannot be stored; none: it can.</summary>
    public IReadOnlyList<UploadProblem>? Problems { get; init; }
    public IReadOnlyList<string>? Warnings { get; init; }
}

/// <summary>The answer to <c>POST /v1/vectors:validate</c>: a report and what an upload would come to.</summary>
internal sealed record UploadPreview : ImportReport
{
    public bool Valid { get; init; }

    /// <summary>name@version; null where it cannot be stored.</summary>
    public string? WouldBe { get; init; }

    /// <summary>That version is there already, with this content.</summary>
    public bool Existing { get; init; }
}

/// <summary>A tensor of the file and the site it became.</summary>
/// <param name="Note">Where an index moved.</param>
internal sealed record Translation(string? Source, string? Target, string? Note);

/// <summary>Something that keeps a file out of the store.</summary>
/// <param name="Field">Where: <c>tensors.resid_post.4</c>.</param>
internal sealed record UploadProblem(string? Field, string? Code, string? Message);
