using Google.Protobuf.WellKnownTypes;
using Wire = Steering.V1;

namespace SteeringServer.Features.Operations;

/// <summary>Work that goes on after the request that began it, as it is at one moment (AIP-151). Immutable; what is in its messages is never changed after it was made.</summary>
/// <param name="Id">In the order of their creation.</param>
/// <param name="Error">Why there is no response, once it is done.</param>
/// <param name="Response">What came of it.</param>
internal sealed record Operation(string Id, Wire.ExtractionMetadata Metadata, Google.Rpc.Status? Error = null, Wire.ExtractionResult? Response = null)
{
    public const string Prefix = "operations/";

    public string Name => Prefix + Id;

    public bool IsDone => Error is not null || Response is not null;

    /// <summary>The same with other metadata.</summary>
    public Operation With(Action<Wire.ExtractionMetadata> change)
    {
        var metadata = Metadata.Clone();
        change(metadata);
        return this with { Metadata = metadata };
    }

    /// <summary>As gRPC has it.</summary>
    public Google.LongRunning.Operation ToMessage()
    {
        var message = new Google.LongRunning.Operation { Name = Name, Metadata = Any.Pack(Metadata), Done = IsDone };
        if (Error is not null) message.Error = Error;
        else if (Response is not null) message.Response = Any.Pack(Response);
        return message;
    }
}
