using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SteeringServer.Grpc;

namespace SteeringServer.Errors;

/// <summary>Writes <c>{"error":{"message","type","param","code"}}</c>: one shape for every failure, in a body or inside a stream.</summary>
internal static class ErrorEnvelope
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The envelope as UTF-8.</summary>
    public static ReadOnlyMemory<byte> Serialize(ApiError error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options)) Write(json, error);
        return buffer.WrittenMemory;
    }

    /// <summary>Answers a request whose response has not started; a gRPC call in gRPC's way.</summary>
    public static async Task SendAsync(HttpContext context, ApiError error)
    {
        if (GrpcListener.IsCall(context))
        {
            RpcErrors.AnswerWithoutMessages(context.Response, error, RequestId.Of(context));
            return;
        }
        var body = Serialize(error);
        var response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        if (error.RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, ApiError error)
    {
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, error.Message);
        json.WriteString("type"u8, error.Type);
        json.WriteString("param"u8, error.Param);
        json.WriteString("code"u8, error.Code);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
