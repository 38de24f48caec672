using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using SteeringServer.Errors;
using SteeringServer.Grpc;
using SteeringServer.Hosting;
using SteeringServer.Requests;
using Wire = Steering.V1;

namespace SteeringServer.Features.Models;

/// <summary>The gRPC service <c>steering.v1.Models</c>: the twin of <see cref="ModelEndpoints"/>.</summary>
internal sealed class ModelsService(Serving serving, ModelLoader loader) : Wire.Models.ModelsBase
{
    public override Task<Wire.ListModelsResponse> ListModels(Wire.ListModelsRequest request, ServerCallContext context)
    {
        Check(request);
        return Task.FromResult(new Wire.ListModelsResponse { Models = { ModelEndpoints.Configured(serving).Models.Select(slot => Message(slot)) } });
    }

    public override Task<Wire.GetModelResponse> GetModel(Wire.GetModelRequest request, ServerCallContext context)
    {
        Check(request);
        var configured = ModelEndpoints.Configured(serving);
        var slot = request.Name.Length == 0 ? configured.Models[0] : ModelEndpoints.Slot(configured, request.Name);
        return Task.FromResult(new Wire.GetModelResponse { Model = Message(slot, withDetails: true) });
    }

    public override Task<Wire.LoadModelResponse> LoadModel(Wire.LoadModelRequest request, ServerCallContext context)
    {
        Check(request, request.Name);
        var slot = ModelEndpoints.Slot(ModelEndpoints.Configured(serving), request.Name);
        _ = loader.BeginLoad(slot);
        return Task.FromResult(new Wire.LoadModelResponse { Model = Message(slot) });
    }

    public override Task<Wire.UnloadModelResponse> UnloadModel(Wire.UnloadModelRequest request, ServerCallContext context)
    {
        Check(request, request.Name);
        var slot = ModelEndpoints.Slot(ModelEndpoints.Configured(serving), request.Name);
        loader.BeginUnload(slot);
        return Task.FromResult(new Wire.UnloadModelResponse { Model = Message(slot) });
    }

    private static void Check(IMessage request, string name = "any")
    {
        var problems = UnknownFields.In(request);
        if (name.Length == 0) problems.Add("name", "is missing; send the name of a model, ListModels gives them");
        problems.ThrowIfAny();
    }

    private static Wire.Model Message(ModelSlot slot, bool withDetails = false)
    {
        var status = slot.Status;
        var message = new Wire.Model { Name = slot.Name, State = (Wire.ModelState)((int)status.State + 1) };
        if (status.Error is { } error) message.Error = error;
        if (slot.Load?.Progress is { } progress) message.Loading = new Wire.LoadProgress { DoneBytes = progress.Done, TotalBytes = progress.Total };
        if (withDetails && status.Served is { } served) message.Details = Details(served);
        return message;
    }

    private static Wire.ModelDetails Details(ServedModel served)
    {
        var (model, shape) = (served.Model, served.Model.Config.Shape);
        var details = new Wire.ModelDetails
        {
            Family = shape.ModelType,
            Fingerprint = model.Fingerprint,
            Blocks = shape.Blocks,
            Width = shape.HiddenSize,
            Heads = shape.Heads,
            KeyValueHeads = shape.KeyValueHeads,
            HeadWidth = shape.HeadDimension,
            Vocabulary = shape.VocabularySize,
            Context = served.Engine.Context,
            Dtype = model.WeightType.Name(),
            Numerics = model.Numerics.Name(),
            Kernels = model.KernelName,
            WeightBytes = model.WeightBytes,
            WorkingBytes = served.Engine.MemoryBytes,
            Chat = served.Profile.HasTemplate,
            Tools = served.Profile.TakesTools,
            Units = { SteeringNames.Units },
            Loaded = Timestamp.FromDateTimeOffset(served.Created),
            Vectors = served.Catalog.Entries.Length,
            Sites = { SiteRow.Of(model.Sites).Select(Row) },
        };
        foreach (var (type, count) in model.StoredTypes) details.Stored[type] = count;
        foreach (var (type, product) in model.Products) details.Products[type] = product;
        return details;
    }

    private static Wire.SitePoint Row(SiteRow row) => new()
    {
        Point = row.Point,
        Sites = row.Sites,
        Width = row.Width,
        Steerable = row.IsSteerable,
        Except = { row.Except.Select(except => new Wire.RefusedSite { Site = except.Site, Reason = except.Reason }) },
    };
}
