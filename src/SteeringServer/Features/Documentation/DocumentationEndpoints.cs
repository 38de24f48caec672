using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace SteeringServer.Features.Documentation;

/// <summary>
/// <c>GET /openapi/v1.json</c>: every HTTP route as OpenAPI 3.1. Handlers here read and write JSON themselves, so nothing could derive it from them: it is written by hand, and
/// tests hold it against the server.
/// </summary>
internal static class DocumentationEndpoints
{
    public const string Path = "/openapi/v1.json";

    public static void MapDocumentation(this IEndpointRouteBuilder routes)
    {
        byte[] document = Read();
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(document))}\"");
        var answer = Results.Bytes(document, "application/json", entityTag: tag);
        routes.MapGet(Path, answer.ExecuteAsync);
    }

    private static byte[] Read()
    {
        using var resource = typeof(DocumentationEndpoints).Assembly.GetManifestResourceStream("openapi.v1.json")!;
        var document = new byte[resource.Length];
        resource.ReadExactly(document);
        return document;
    }
}
