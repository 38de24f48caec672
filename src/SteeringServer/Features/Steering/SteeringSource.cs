using System.Text.Json;
using SteeringServer.Features.Models;
using SteeringServer.Features.Vectors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Steering;

/// <summary>The three places that steering can come from: the body, the <c>X-Steering</c> header and the model's name. A request uses one of them.</summary>
internal static class SteeringSource
{
    public const string Header = "X-Steering";

    public static SteeringRequest Read(JsonElement? body, string? header, ModelReference model, VectorCatalog catalog, FieldProblems problems)
    {
        var places = new List<string>(3);
        if (body is not null) places.Add("the field steering");
        if (header is not null) places.Add($"the header {Header}");
        if (model.Vector is not null) places.Add("the model's name");
        if (places.Count > 1)
        {
            problems.Add("steering", $"steering is given in {string.Join(" and in ", places)}, and it is not clear which one counts; use one of them");
            return SteeringRequest.None;
        }
        if (body is { } value) return SteeringReader.Read(value, catalog, problems);
        if (header is not null) return SteeringShorthand.Read(header, Header, catalog, problems);
        if (model.Vector is null) return SteeringRequest.None;
        var use = SteeringShorthand.Use(model.Vector, model.Strength, "model", "model", catalog, problems);
        return new SteeringRequest { IsPresent = true, Spec = new([.. use is null ? [] : new[] { use }]) };
    }
}
