using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using SteeringServer.Grpc;
using SteeringServer.Storage;
using Wire = Steering.V1;

namespace SteeringServer.Features.Datasets;

/// <summary>The gRPC service <c>steering.v1.Datasets</c>: the twin of <see cref="DatasetEndpoints"/>.</summary>
internal sealed class DatasetsService(DatasetStore datasets) : Wire.Datasets.DatasetsBase
{
    public override Task<Wire.CreateDatasetResponse> CreateDataset(Wire.CreateDatasetRequest request, ServerCallContext context)
    {
        var problems = UnknownFields.In(request);
        string? format = request.Format == Wire.DatasetFormat.Unspecified ? null : EnumWords.WordOf(Wire.CreateDatasetRequest.Descriptor.FindFieldByName("format").EnumType, (int)request.Format);
        var (dataset, existing) = datasets.Create(new DatasetUpload(request.Name.Length > 0 ? request.Name : null, format, request.Text.Length > 0 ? request.Text : null), problems);
        return Task.FromResult(new Wire.CreateDatasetResponse { Dataset = Message(dataset), Existing = existing });
    }

    public override Task<Wire.ListDatasetsResponse> ListDatasets(Wire.ListDatasetsRequest request, ServerCallContext context)
    {
        UnknownFields.In(request).ThrowIfAny();
        return Task.FromResult(new Wire.ListDatasetsResponse { Datasets = { datasets.All().Select(Message) } });
    }

    public override Task<Wire.GetDatasetResponse> GetDataset(Wire.GetDatasetRequest request, ServerCallContext context)
    {
        UnknownFields.In(request).ThrowIfAny();
        return Task.FromResult(new Wire.GetDatasetResponse { Dataset = Message(datasets.Require(request.Name)) });
    }

    public override Task<Wire.DeleteDatasetResponse> DeleteDataset(Wire.DeleteDatasetRequest request, ServerCallContext context)
    {
        UnknownFields.In(request).ThrowIfAny();
        datasets.Delete(request.Name);
        return Task.FromResult(new Wire.DeleteDatasetResponse());
    }

    private static Wire.Dataset Message(StoredDataset dataset) => new()
    {
        Name = dataset.Name,
        Format = EnumWords.ValueOf<Wire.DatasetFormat>(Wire.Dataset.Descriptor.FindFieldByName("format").EnumType, dataset.Format),
        Sha256 = dataset.Sha256,
        Rows = dataset.Rows,
        Columns = { dataset.Columns },
        Bytes = dataset.Bytes,
        Created = Timestamp.FromDateTimeOffset(dataset.Created),
    };
}
