using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;

namespace SteeringServer.Features.Vectors;

/// <summary>A vector as somebody sent it, before anything of its content was looked at.</summary>
internal sealed record VectorUpload
{
    /// <summary>What it is to be called; null where neither the request nor the file's name says.</summary>
    public required string? Name { get; init; }

    /// <summary>A file in one of the formats that are read; null where the tensors came as JSON.</summary>
    public VectorUploadFile? File { get; init; }

    /// <summary>The arrays of a JSON file of another project; null where it is none.</summary>
    public VectorUploadArrays? Arrays { get; init; }

    /// <summary>The tensors of a JSON upload.</summary>
    public ImmutableArray<SteeringTensor> Tensors { get; init; } = [];

    /// <summary>Replaces what the file says; null: the file's.</summary>
    public StrengthUnit? Unit { get; init; }

    /// <summary>Added to what the file says.</summary>
    public ImmutableSortedDictionary<Site, float> ResidualNorms { get; init; } = ImmutableSortedDictionary<Site, float>.Empty;

    /// <summary>Fingerprint of the model it was made with; null: what the file says.</summary>
    public string? ModelFingerprint { get; init; }

    /// <summary>Added to what the file says.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Aliases that are to point at the new version.</summary>
    public ImmutableArray<string> Aliases { get; init; } = [];

    /// <summary>SHA-256 of everything that was sent: whether a repeated request is the same one, however its body was cut into parts.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Name, File?.Format, File?.Convention, Unit?.ToString(), ModelFingerprint);
        Append(hash, [.. File is null ? [] : File.Sites.Select(site => site.ToString()), .. Aliases, .. Metadata.SelectMany(pair => (string[])[pair.Key, pair.Value])]);
        Append(hash, [VectorHash.Compute(Tensors, null, ResidualNorms)]);
        if (File is not null) hash.AppendData(File.Bytes.Span);
        foreach (var (name, values) in Arrays?.Arrays ?? [])
        {
            Append(hash, name, Arrays!.Convention);
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // How many there are goes first too: a list that is longer must not look like the next one's beginning.
    private static void Append(IncrementalHash hash, params ReadOnlySpan<string?> texts)
    {
        hash.AppendData(BitConverter.GetBytes(texts.Length));
        foreach (string? text in texts) hash.AppendText(text);
    }
}

/// <summary>An uploaded file and what the uploader said about it.</summary>
/// <param name="FileName">A hint for messages and for conventions that put the block into it; never a path that is opened.</param>
/// <param name="Format">What it should be; null: recognised from its first bytes.</param>
/// <param name="Convention">Whose meaning of names and indices; null: recognised.</param>
/// <param name="Sites">Where its rows belong, for files that do not say.</param>
internal sealed record VectorUploadFile(ReadOnlyMemory<byte> Bytes, string FileName, string? Format, string? Convention, ImmutableArray<SiteSelector> Sites);
