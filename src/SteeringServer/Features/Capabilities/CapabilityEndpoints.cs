using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using Steering.Engine.Vectors;
using SteeringServer.Features.Models;
using SteeringServer.Features.Vectors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Capabilities;

/// <summary><c>GET /v1/capabilities</c>: what this server with this model can do, so that nobody has to find out by trial.</summary>
internal static class CapabilityEndpoints
{
    public static void MapCapabilities(this IEndpointRouteBuilder routes)
    {
        var serving = routes.ServiceProvider.GetRequiredService<Serving>();
        routes.MapGet("/v1/capabilities", context => JsonAnswer.SendAsync(context, Write, serving.Require(VectorEndpoints.Model(context))));
    }

    private static void Write(Utf8JsonWriter json, ServedModel served)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "capabilities"u8);
        json.WriteString("version"u8, CommandLine.Version);
        json.WriteString("model"u8, served.Name);
        json.WriteTexts("models", served.Profile.Names);
        ModelWriter.WriteDetails(json, served);
        WriteSteering(json);
        WriteVectors(json);
        WriteLimits(json, served);
        json.WriteTexts("families", LoadedModel.Families);
        WriteRefused(json);
        json.WriteEndObject();
    }

    private static void WriteSteering(Utf8JsonWriter json)
    {
        json.WriteStartObject("operations"u8);
        WriteOperation(json, "add", [], ["raw", "rms", "token_norm"], [], "h + s v");
        WriteOperation(json, "scale_coordinate", ["ablate", "erase"], ["fraction"], [], "takes the part along v times (1 - s): 1 ablates it, 2 reflects it");
        WriteOperation(json, "set_coordinate", ["clamp"], ["fraction"], ["value", "min", "max", "mode"], "moves the coordinate along v to a value or into a "
            + "range; s from 0 to 1 blends");
        WriteOperation(json, "rotate", [], ["degrees", "fraction"], ["mode", "to_degrees"], "rotates in the plane of b1 and b2, by s degrees or to an angle");
        WriteOperation(json, "project_boost", [], ["raw", "rms", "token_norm"], [], "h + s times the unit vector of h's part in a subspace u");
        WriteOperation(json, "low_rank", [], ["fraction"], [], "h + s R^T (W h + b - R h) with r and w [k, width] and b [k], as LoReFT trains them");
        json.WriteEndObject();
        json.WriteTexts("apply", ["all", "prompt", "generated", "decode"]);
        json.WriteTexts("schedules", ["constant", "linear", "exp"]);
        json.WriteTexts("renormalise", ["none", "token"]);
        json.WriteTexts("include", ["receipt", "unsteered"]);
    }

    private static void WriteOperation(Utf8JsonWriter json, string name, string[] aliases, string[] units, string[] parameters, string does)
    {
        json.WriteStartObject(name);
        json.WriteString("does"u8, does);
        json.WriteTexts("aliases", aliases);
        json.WriteTexts("units", units);
        json.WriteTexts("params", parameters);
        json.WriteEndObject();
    }

    // What POST /v1/vectors reads, and whose meanings of "layer k" it knows.
    private static void WriteVectors(Utf8JsonWriter json)
    {
        json.WriteStartObject("vectors"u8);
        json.WriteTexts("reads", VectorIntake.FormatNames);
        json.WriteTexts("writes", VectorDownload.FormatNames);
        json.WriteStartArray("conventions"u8);
        foreach (var convention in VectorConvention.All)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, convention.Name);
            json.WriteString("source"u8, convention.Source);
            json.WriteString("measured_at"u8, convention.MeasuredAt);
            json.WriteString("put_at"u8, convention.PutAt);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLimits(Utf8JsonWriter json, ServedModel served)
    {
        json.WriteStartObject("limits"u8);
        json.WriteNumber("sequences_running"u8, served.Options.MaxSequences);
        json.WriteNumber("sequences_waiting"u8, served.Options.QueueLength);
        json.WriteNumber("body_bytes"u8, ServerHost.MostBodyBytes);
        json.WriteNumber("choices"u8, 128);
        json.WriteNumber("top_logprobs"u8, 20);
        json.WriteNumber("stop_strings"u8, 16);
        json.WriteEndObject();
    }

    private static void WriteRefused(Utf8JsonWriter json)
    {
        json.WriteTexts("refused", ["steering.use[].when", "steering.experiment", "op sae_edit", "renormalise channel_over_sequence",
            "response_format other than text", "best_of above 1", "suffix", "audio", "modalities", "functions", "function_call", "tool_choice required"]);
    }
}
