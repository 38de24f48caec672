using System.Collections.Immutable;
using System.Text;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;
using SteeringServer.Errors;
using SteeringServer.Features.Generation;
using SteeringServer.Features.Models;
using SteeringServer.Features.Vectors;
using SteeringServer.Requests;

namespace SteeringServer.Tests.Fixtures;

/// <summary>Reads requests without a server: for tables of what parses and what does not.</summary>
internal static class ParsedRequests
{
    public static ModelProfile Profile { get; } = new()
    {
        Name = "tiny",
        Names = ["tiny"],
        VocabularySize = 100,
        Defaults = new GenerationDefaults { Temperature = 0.8, TopP = 0.95 },
        HasTemplate = true,
        MostSequences = 64,
        Catalog = new VectorCatalog([Entry("cheerful", 1, []), Entry("cheerful", 2, ["prod"]), Entry("formal", 1, ["prod"]), Entry("draft", 1, [])]),
    };

    public static CatalogEntry Entry(string name, int version, ImmutableArray<string> aliases)
    {
        ImmutableArray<SteeringTensor> tensors = [new(new Site(SitePoint.ResidPost, 1), "", 1, 4, [version, 2, 3, name.Length])];
        return new CatalogEntry(new SteeringVector { Name = name, Version = version, Sha256 = VectorHash.Compute(tensors, null, ImmutableDictionary<Site, float>.Empty), Tensors = tensors }, aliases);
    }

    /// <summary>Reads a chat request; members are put into one that is otherwise complete.</summary>
    public static (ChatRequest Request, FieldProblems Problems) Chat(string members, string? header = null)
    {
        var problems = new FieldProblems();
        string messages = members.Contains("\"messages\"", StringComparison.Ordinal) ? "" : """ "messages": [{"role": "user", "content": "Hi"}], """;
        using var body = JsonBody.Parse(Encoding.UTF8.GetBytes($$"""{ {{messages}} {{members}} "user": "me" }"""));
        return (ChatRequestReader.Read(body.Root, header, Profile, problems), problems);
    }

    public static (CompletionRequest Request, FieldProblems Problems) Completion(string members)
    {
        var problems = new FieldProblems();
        using var body = JsonBody.Parse(Encoding.UTF8.GetBytes($$"""{ {{members}} "user": "me" }"""));
        return (CompletionRequestReader.Read(body.Root, null, Profile, problems), problems);
    }

    /// <summary>The steering of a request that must be right.</summary>
    public static SteeringSpec Steering(string json)
    {
        var (request, problems) = Chat($"\"steering\": {json},");
        Assert.Empty(problems.All);
        return request.Steering.Spec;
    }

    /// <summary>The only problem of a request.</summary>
    public static FieldProblem Single(FieldProblems problems)
    {
        Assert.True(problems.All.Count == 1, problems.IsEmpty ? "no problem was found" : problems.ToError().Message);
        return problems.All[0];
    }

    /// <summary>What a broken body is answered with.</summary>
    public static ApiError Refused(Action read) => Assert.Throws<ApiException>(read).Error;
}
