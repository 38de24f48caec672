using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Vectors;

/// <summary>A version of a vector as a file.</summary>
/// <param name="FileName">A name to save it under.</param>
internal sealed record VectorDownload(string FileName, string ContentType, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The formats that are written, by name; the first is the default.</summary>
    public static IEnumerable<string> FormatNames => VectorExporter.Formats.Select(VectorFormats.NameOf).Append(VectorIntake.JsonFormat);

    /// <exception cref="ApiException">400 for an unknown format, or one that cannot hold this vector: the message says which part.</exception>
    public static VectorDownload Of(SteeringVector vector, string? format)
    {
        format ??= FormatNames.First();
        string name = $"{vector.Name}.{vector.Version}.{format}";
        if (format == VectorIntake.JsonFormat) return new VectorDownload(name, "application/json", WriteJson(vector));
        if (!VectorFormats.TryParse(format, out var known)) throw new ApiException(ApiError.Invalid($"format: found {Found.Quote(format)}; expected one of {string.Join(", ", FormatNames)}{Nearest.Hint(format, FormatNames)}", "format", ErrorCode.InvalidValue));
        try
        {
            return new VectorDownload(name, "application/octet-stream", VectorExporter.Write(vector, known));
        }
        catch (ModelFormatException unfit)
        {
            throw new ApiException(ApiError.Invalid($"{unfit.Field}: {unfit.Reason}", "format", ErrorCode.Unsupported));
        }
    }

    // The form that POST /v1/vectors takes, so that a download can be sent to another server as it is.
    private static ReadOnlyMemory<byte> WriteJson(SteeringVector vector)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, JsonAnswer.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("name"u8, vector.Name);
            json.WriteString("unit"u8, SteeringNames.Of(vector.Unit ?? StrengthUnit.Raw));
            json.WriteStartArray("tensors"u8);
            foreach (var tensor in vector.Tensors) WriteTensor(json, tensor);
            json.WriteEndArray();
            VectorWriter.WriteProvenance(json, vector);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    private static void WriteTensor(Utf8JsonWriter json, SteeringTensor tensor)
    {
        json.WriteStartObject();
        json.WriteTexts("sites", [tensor.Site.ToString()]);
        if (tensor.Role.Length > 0) json.WriteString("role"u8, tensor.Role);
        json.WriteString("dtype"u8, "f32"u8);
        json.WriteStartArray("shape"u8);
        foreach (int size in tensor.FileShape) json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteBase64String("data"u8, MemoryMarshal.AsBytes(tensor.Values.AsSpan())); // little-endian, as every processor this runs on
        json.WriteEndObject();
    }
}
