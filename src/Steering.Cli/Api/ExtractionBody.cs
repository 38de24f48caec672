namespace Steering.Cli.Api;

/// <summary>Body of <c>POST /v1/extractions</c>. Null members are not sent; the server has defaults and checks the ranges.</summary>
internal sealed record ExtractionBody
{
    public string? Model { get; init; }
    public required string Vector { get; init; }
    public IReadOnlyList<string>? Aliases { get; init; }
    public string? Dataset { get; init; }
    public string? Text { get; init; }
    public string? Format { get; init; }
    public IReadOnlyDictionary<string, string>? Columns { get; init; }
    public string? PromptTemplate { get; init; }
    public string? AnswerTemplate { get; init; }
    public bool? Chat { get; init; }
    public int? Limit { get; init; }
    public IReadOnlyList<string>? Layers { get; init; }
    public GrainsBody? Grains { get; init; }
}

/// <summary>Options of GrAInS.</summary>
internal sealed record GrainsBody
{
    public string? Tokens { get; init; }
    public int? TopK { get; init; }
    public string? Summary { get; init; }
    public string? Form { get; init; }
    public string? Baseline { get; init; }
    public string? Rule { get; init; }
    public int? Points { get; init; }
}

/// <summary>Body of <c>POST /v1/datasets</c>.</summary>
internal sealed record DatasetBody(string Name, string? Format, string Text);

/// <summary>A dataset that the server keeps.</summary>
internal sealed record StoredDataset(string Name, string? Format, int? Rows, IReadOnlyList<string>? Columns, int? Bytes, long? Created);

internal sealed record DatasetListing(IReadOnlyList<StoredDataset>? Data);
