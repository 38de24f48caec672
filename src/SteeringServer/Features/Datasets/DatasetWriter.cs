using System.Text.Json;
using SteeringServer.Requests;
using SteeringServer.Storage;

namespace SteeringServer.Features.Datasets;

/// <summary>Datasets as JSON.</summary>
internal static class DatasetWriter
{
    public static void Write(Utf8JsonWriter json, StoredDataset dataset)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "dataset");
        json.WriteString("name"u8, dataset.Name);
        json.WriteString("format"u8, dataset.Format);
        json.WriteString("sha256"u8, dataset.Sha256);
        json.WriteNumber("rows"u8, dataset.Rows);
        json.WriteTexts("columns", dataset.Columns);
        json.WriteNumber("bytes"u8, dataset.Bytes);
        json.WriteNumber("created"u8, dataset.Created.ToUnixTimeSeconds());
        json.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter json, IEnumerable<StoredDataset> datasets)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list");
        json.WriteStartArray("data"u8);
        foreach (var dataset in datasets) Write(json, dataset);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteDeleted(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "dataset.deleted");
        json.WriteString("name"u8, name);
        json.WriteBoolean("deleted"u8, true);
        json.WriteEndObject();
    }
}
