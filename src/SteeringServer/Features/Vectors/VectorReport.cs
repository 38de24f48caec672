using System.Collections.Immutable;
using System.Text.Json;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>What was found in an upload: the same for a registration and for a dry run, kept with the version.</summary>
/// <param name="Format">How the bytes are laid out: <c>gguf</c>.</param>
/// <param name="Convention">Whose meaning of names and indices was found; empty where the bytes could not be read that far.</param>
/// <param name="Translations">Each tensor of the file and the site it became.</param>
/// <param name="Problems">Why it cannot be registered; empty: it can.</param>
/// <param name="Warnings">What the uploader should look at.</param>
internal sealed record VectorReport(
    string Format, string Convention, ImmutableArray<ReportedTranslation> Translations, ImmutableArray<FieldProblem> Problems, ImmutableArray<string> Warnings)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public bool IsValid => Problems.IsEmpty;

    /// <summary>The form it is stored in.</summary>
    public string Serialize() => JsonSerializer.Serialize(this, Json);

    public static VectorReport Deserialize(string text) => JsonSerializer.Deserialize<VectorReport>(text, Json)!;
}

/// <param name="Source">Name in the file.</param>
/// <param name="Target">Our name of the tensor: <c>resid_post.4.b1</c>.</param>
/// <param name="Note">Where an index moved or the spaces differ.</param>
internal sealed record ReportedTranslation(string Source, string Target, string? Note);
