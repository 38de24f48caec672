using Google.Protobuf;
using Grpc.Core;
using SteeringServer.Features.Generation;
using SteeringServer.Grpc;
using SteeringServer.Hosting;
using SteeringServer.Requests;
using Wire = Steering.V1;

namespace SteeringServer.Features.Attribution;

/// <summary>The gRPC service <c>steering.v1.Attributions</c>: the twin of <see cref="AttributionEndpoints"/>.</summary>
internal sealed class AttributionsService(Serving serving) : Wire.Attributions.AttributionsBase
{
    public override async Task<Wire.AttributeResponse> Attribute(Wire.AttributeRequest request, ServerCallContext context)
    {
        var (read, served, problems) = Read(request, context);
        return Message(await AttributionRun.ComputeAsync(read, served, problems, context.CancellationToken), served.TokenNames);
    }

    public override async Task AttributeStream(Wire.AttributeStreamRequest request, IServerStreamWriter<Wire.AttributeStreamResponse> responseStream, ServerCallContext context)
    {
        var (read, served, problems) = Read(request, context);
        var (progress, map) = AttributionRun.Begin(read, served, problems, context.CancellationToken);
        await foreach (var now in progress.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(new Wire.AttributeStreamResponse { Progress = new Wire.AttributionProgress { Done = now.Done, Expected = now.Expected } });
        await responseStream.WriteAsync(new Wire.AttributeStreamResponse { Attribution = Message(await map, served.TokenNames) });
    }

    private (AttributionRequest Request, ServedModel Served, FieldProblems Problems) Read(IMessage request, ServerCallContext context)
    {
        var served = serving.RequireAccepting(serving.Known(MessageJson.Text(request, "model")));
        var problems = UnknownFields.In(request);
        using var body = JsonBody.Parse(GenerationMessageReader.ToJson(request, isPrompt: false, problems));
        return (AttributionRequestReader.Read(body.Root, GenerationEndpoints.SteeringHeader(context.GetHttpContext().Request, problems), served, problems), served, problems);
    }

    private static Wire.AttributeResponse Message(AttributionMap map, TokenNames names)
    {
        var message = new Wire.AttributeResponse
        {
            Model = map.Model,
            SystemFingerprint = map.SystemFingerprint,
            Value = map.Value,
            Sum = map.Sum,
            Sides = { map.Sides.Select(side => Message(side, names)) },
            Warnings = { map.Warnings },
        };
        if (double.IsFinite(map.BaselineValue)) message.BaselineValue = map.BaselineValue;
        return message;
    }

    private static Wire.AttributedSide Message(AttributionSide side, TokenNames names)
    {
        var message = new Wire.AttributedSide
        {
            Name = side.Name,
            Value = side.Result.Value,
            Sum = side.Result.Sum,
            Gradients = side.Result.Gradients,
            Tokens = { side.Tokens.Select((id, i) => new Wire.AttributedToken { Text = names.Of(id), Id = id, InAnswer = i >= side.PromptLength, Score = side.Result.Scores[i] }) },
        };
        if (double.IsFinite(side.Result.BaselineValue)) message.BaselineValue = side.Result.BaselineValue;
        if (side.Result.IsWithinTolerance is { } within) message.WithinTolerance = within;
        return message;
    }
}
