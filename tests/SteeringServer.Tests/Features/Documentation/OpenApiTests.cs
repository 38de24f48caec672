using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Steering.Engine.Interventions;
using Steering.Engine.Vectors;
using SteeringServer.Errors;
using SteeringServer.Features.Documentation;
using SteeringServer.Features.Vectors;
using SteeringServer.Hosting;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Documentation;

/// <summary>The OpenAPI document says neither less nor more than the server has.</summary>
[Collection(ServerCollection.Name)]
public sealed partial class OpenApiTests(ServerFixture fixture)
{
    private readonly DescribedApi _api = new();

    [Fact]
    public void The_document_is_valid()
    {
        var read = OpenApiDocument.Parse(DescribedApi.Text, "json");
        var (document, diagnostic) = (read.Document!, read.Diagnostic!);

        Assert.Empty(diagnostic.Errors);
        Assert.Empty(diagnostic.Warnings);
        Assert.Empty(document.Validate(ValidationRuleSet.GetDefaultRuleSet()));
        Assert.Equal((OpenApiSpecVersion.OpenApi3_1, CommandLine.Version), (diagnostic.SpecificationVersion, document.Info.Version));
    }

    [Fact]
    public void It_has_the_routes_of_the_server_and_no_others()
    {
        var routes = fixture.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<GrpcMethodMetadata>() is null)
            .SelectMany(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {Placeholder().Replace(route.RoutePattern.RawText!, "{}")}"));

        Assert.Equal(routes.Order(), _api.Operations.Select(operation => Placeholder().Replace(operation.ToString(), "{}")).Order());
    }

    [Fact]
    public async Task It_is_served_once_and_then_known_by_its_tag()
    {
        using var first = await fixture.Server.Http.GetAsync(DocumentationEndpoints.Path);
        using var again = new HttpRequestMessage(HttpMethod.Get, DocumentationEndpoints.Path) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        using var second = await fixture.Server.Http.SendAsync(again);

        Assert.Equal(DescribedApi.Text, await first.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Theory]
    [InlineData("ErrorCode"), InlineData("FileFormat"), InlineData("Convention"), InlineData("StrengthUnit"), InlineData("Operation")]
    public void Names_are_those_of_the_server(string schema)
    {
        IEnumerable<string> names = schema switch
        {
            "ErrorCode" => Constants.Of(typeof(ErrorCode), typeof(SteeringProblemCode)),
            "FileFormat" => VectorIntake.FormatNames,
            "Convention" => VectorConvention.All.Select(convention => convention.Name),
            "StrengthUnit" => SteeringNames.Units,
            _ => [.. SteeringNames.Operations, "ablate", "erase", "clamp"],
        };

        Assert.Equal(names, _api.Root.GetProperty("components").GetProperty("schemas").GetProperty(schema).GetProperty("enum").EnumerateArray().Select(name => name.GetString()!));
    }

    [Fact]
    public void Everything_is_explained()
    {
        Assert.All(_api.Operations, operation => Assert.NotEmpty(operation.Json.GetProperty("summary").GetString()!));
        Assert.All(Everywhere(_api.Root), reference => _api.Resolve(reference));
    }

    private static IEnumerable<JsonElement> Everywhere(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object when value.TryGetProperty("$ref", out _) => [value],
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Everywhere(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Everywhere),
        _ => [],
    };

    // {name}, {version:int} and {**id} alike: OpenAPI has neither constraints nor two names for one place.
    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();
}
