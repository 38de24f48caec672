using System.Text.Json;
using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using SteeringServer.Features.Vectors;
using SteeringServer.Hosting;
using SteeringServer.Requests;

namespace SteeringServer.Features.Models;

/// <summary>Models as JSON: OpenAI's fields first, then what they are and can do.</summary>
internal static class ModelWriter
{
    /// <summary>A line of the list: a model in whatever state, without what it can do.</summary>
    public static void WriteSummary(Utf8JsonWriter json, ModelSlot slot)
    {
        json.WriteStartObject();
        WriteStart(json, slot.Name, slot.Status.Served);
        WriteState(json, slot);
        json.WriteEndObject();
    }

    /// <summary>A model with everything known about it.</summary>
    public static void WriteDetails(Utf8JsonWriter json, ModelSlot slot)
    {
        json.WriteStartObject();
        WriteStart(json, slot.Name, slot.Status.Served);
        WriteState(json, slot);
        if (slot.Status.Served is { } served) WriteDetails(json, served);
        json.WriteEndObject();
    }

    /// <summary>A vector as a model of its own, for clients that only know models.</summary>
    public static void WriteSteered(Utf8JsonWriter json, ServedModel served, CatalogEntry entry)
    {
        json.WriteStartObject();
        WriteStart(json, $"{served.Name}@{entry.Vector.Name}", served);
        json.WriteString("parent"u8, served.Name);
        json.WriteString("vector"u8, $"{entry.Vector.Name}@{entry.Vector.Version}");
        json.WriteEndObject();
    }

    /// <summary>What a loaded model is and where it can be steered, as members of an object that has begun.</summary>
    public static void WriteDetails(Utf8JsonWriter json, ServedModel served)
    {
        var (model, shape) = (served.Model, served.Model.Config.Shape);
        json.WriteString("fingerprint"u8, model.Fingerprint);
        json.WriteString("family"u8, shape.ModelType);
        json.WriteNumber("blocks"u8, shape.Blocks);
        json.WriteNumber("width"u8, shape.HiddenSize);
        json.WriteNumber("heads"u8, shape.Heads);
        json.WriteNumber("key_value_heads"u8, shape.KeyValueHeads);
        json.WriteNumber("head_width"u8, shape.HeadDimension);
        json.WriteNumber("vocabulary"u8, shape.VocabularySize);
        json.WriteNumber("context"u8, served.Engine.Context);
        json.WriteString("dtype"u8, model.WeightType.Name());
        json.WriteStartObject("stored"u8);
        foreach (var (type, count) in model.StoredTypes) json.WriteNumber(type, count);
        json.WriteEndObject();
        json.WriteString("numerics"u8, model.Numerics.Name());
        json.WriteString("kernels"u8, model.KernelName);
        json.WriteStartObject("products"u8);
        foreach (var (type, product) in model.Products) json.WriteString(type, product);
        json.WriteEndObject();
        json.WriteNumber("weight_bytes"u8, model.WeightBytes);
        json.WriteNumber("working_bytes"u8, served.Engine.MemoryBytes);
        json.WriteBoolean("chat"u8, served.Profile.HasTemplate);
        json.WriteBoolean("tools"u8, served.Profile.TakesTools);
        json.WriteTexts("units", SteeringNames.Units);
        json.WriteStartArray("sites"u8);
        foreach (var row in SiteRow.Of(model.Sites)) WriteSites(json, row);
        json.WriteEndArray();
    }

    private static void WriteStart(Utf8JsonWriter json, string id, ServedModel? served)
    {
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, "model"u8);
        // OpenAI's clients expect a number: 0 where nothing has been loaded yet.
        json.WriteNumber("created"u8, served?.Created.ToUnixTimeSeconds() ?? 0);
        json.WriteString("owned_by"u8, "steering-server"u8);
        if (served is not null) json.WriteNumber("max_model_len"u8, served.Engine.Context);
    }

    private static void WriteState(Utf8JsonWriter json, ModelSlot slot)
    {
        var status = slot.Status;
        json.WriteString("state"u8, status.Word);
        if (status.Error is { } error) json.WriteString("error"u8, error);
        if (slot.Load is not { } load) return;
        json.WriteStartObject("loading"u8);
        json.WriteNumber("done_bytes"u8, load.Progress.Done);
        json.WriteNumber("total_bytes"u8, load.Progress.Total);
        json.WriteEndObject();
    }

    private static void WriteSites(Utf8JsonWriter json, SiteRow row)
    {
        json.WriteStartObject();
        json.WriteString("point"u8, row.Point);
        json.WriteString("sites"u8, row.Sites);
        json.WriteNumber("width"u8, row.Width);
        json.WriteBoolean("steerable"u8, row.IsSteerable);
        json.WriteStartArray("except"u8);
        foreach (var (site, reason) in row.Except)
        {
            json.WriteStartObject();
            json.WriteString("site"u8, site);
            json.WriteString("reason"u8, reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
