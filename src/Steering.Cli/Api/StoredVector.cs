namespace Steering.Cli.Api;

/// <summary><c>GET /v1/vectors</c>.</summary>
internal sealed record VectorListing(IReadOnlyList<StoredVector>? Data);

/// <summary>A version of a steering vector in the server's store. A listing leaves out the tensors and what follows them; only the answer to an upload has the last two.</summary>
internal sealed record StoredVector
{
    public string? Name { get; init; }
    public int? Version { get; init; }
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>Of its content.</summary>
    public string? Sha256 { get; init; }
    public string? Unit { get; init; }
    public string? Method { get; init; }
    public IReadOnlyList<string>? Sites { get; init; }

    /// <summary>Unix seconds.</summary>
    public long? Created { get; init; }
    public bool Archived { get; init; }
    public string? Origin { get; init; }

    public IReadOnlyList<StoredTensor>? Tensors { get; init; }

    /// <summary>By site: the root mean square norm of the residual stream there.</summary>
    public IReadOnlyDictionary<string, double>? ResidualNorms { get; init; }
    public string? ModelFingerprint { get; init; }
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>The store had this content under this name already.</summary>
    public bool Existing { get; init; }
    public ImportReport? Report { get; init; }
}

/// <summary>One tensor of a vector.</summary>
/// <param name="Shape">Rows and width.</param>
internal sealed record StoredTensor(string? Site, string? Role, IReadOnlyList<int>? Shape, double? Norm);
