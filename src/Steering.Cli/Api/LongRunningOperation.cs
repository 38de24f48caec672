namespace Steering.Cli.Api;

/// <summary>Work that the server does in the background.</summary>
internal sealed record LongRunningOperation
{
    private const string Prefix = "operations/";

    public required string Name { get; init; }
    public OperationMetadata? Metadata { get; init; }
    public bool Done { get; init; }
    public OperationError? Error { get; init; }
    public ExtractionResult? Response { get; init; }

    /// <summary>What commands call it.</summary>
    public string Id => Name.StartsWith(Prefix, StringComparison.Ordinal) ? Name[Prefix.Length..] : Name;

    /// <summary>Where an operation is on the server, by its id or its name.</summary>
    public static string PathOf(string id) => $"v1/{Prefix}{Uri.EscapeDataString(id.StartsWith(Prefix, StringComparison.Ordinal) ? id[Prefix.Length..] : id)}";
}

internal sealed record OperationListing(IReadOnlyList<LongRunningOperation>? Operations);

/// <summary>How far it is.</summary>
internal sealed record OperationMetadata
{
    public string? State { get; init; }
    public string? Model { get; init; }
    public string? Vector { get; init; }
    public int? Examples { get; init; }
    public IReadOnlyList<OperationStage>? Stages { get; init; }
    public double? Fraction { get; init; }
    public double? RemainingSeconds { get; init; }
    public string? Created { get; init; }
}

internal sealed record OperationStage(string Name, int? Done, int? Total);

internal sealed record OperationError(int Code, string Message);

/// <summary>What came of an extraction.</summary>
internal sealed record ExtractionResult
{
    public string? Vector { get; init; }
    public bool? Existing { get; init; }
    public int? Examples { get; init; }
    public int? RecommendedBlock { get; init; }
    public IReadOnlyList<BlockDiagnostics>? Blocks { get; init; }
    public StrengthRange? Strength { get; init; }
    public System.Text.Json.JsonElement? Use { get; init; }
}

internal sealed record BlockDiagnostics(int Block, double? HeldOutAuc, double? SplitHalfCosine, double? Norm, double? ResidualNorm);

internal sealed record StrengthRange(string? Unit, double? From, double? To);
