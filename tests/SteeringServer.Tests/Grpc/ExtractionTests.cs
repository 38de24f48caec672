using Google.LongRunning;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Steering.V1;
using SteeringServer.Tests.Features.Extraction;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Grpc;

/// <summary>Extractions over gRPC are those of HTTP.</summary>
[Collection(ServerCollection.Name)]
public sealed class ExtractionTests(ServerFixture fixture)
{
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task A_dataset_an_extraction_and_its_operation_are_those_of_http()
    {
        var datasets = new Datasets.DatasetsClient(_server.Channel);
        var extractions = new Steering.V1.Extractions.ExtractionsClient(_server.Channel);
        var operations = new Operations.OperationsClient(_server.Channel);
        var kept = await datasets.CreateDatasetAsync(new CreateDatasetRequest { Name = "rpc-facts", Text = Features.Extraction.Extractions.Lines(6) });
        var request = new ExtractRequest
        {
            Vector = "rpc-facts",
            Dataset = "rpc-facts",
            Layers = { "3" },
            Grains = new GrainsOptions { TopK = 2, Points = 4, Summary = GrainsSummary.Mean, Baseline = AttributionBaseline.Pad, Rule = AttributionRule.Midpoint },
        };

        var begun = await extractions.ExtractAsync(request);
        using var call = extractions.WatchOperation(new WatchOperationRequest { Name = begun.Name });
        var seen = await call.ResponseStream.ReadAllAsync().ToListAsync();
        var waited = await operations.WaitOperationAsync(new WaitOperationRequest { Name = begun.Name, Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(60)) });
        var listed = await operations.ListOperationsAsync(new ListOperationsRequest { PageSize = 1 });

        Assert.Equal((6, DatasetFormat.Jsonl, false), (kept.Dataset.Rows, kept.Dataset.Format, kept.Existing));
        Assert.False(begun.Done);
        Assert.True(seen.Count > 1 && seen[^1].Operation.Done);
        Assert.Equal(seen[^1].Operation, waited);
        Assert.Equal(waited, await operations.GetOperationAsync(new GetOperationRequest { Name = begun.Name }));
        Assert.Equal(waited, Assert.Single(listed.Operations));
        var (metadata, result) = (waited.Metadata.Unpack<ExtractionMetadata>(), waited.Response.Unpack<ExtractionResult>());
        Assert.Equal((ExtractionState.Succeeded, 6, 1.0), (metadata.State, metadata.Examples, metadata.Fraction));
        Assert.Equal(("rpc-facts@1", 8, Renormalise.Token), (result.Vector, result.Blocks.Count, result.Use.Renormalise));

        var http = await _server.FinishedAsync(await _server.BeginAsync(new { vector = "rpc-facts", dataset = "rpc-facts", layers = new[] { 3 }, grains = new { top_k = 2, points = 4, summary = "mean", baseline = "pad", rule = "midpoint" } }));
        Assert.Equal(result.Sha256, http.GetProperty("response").GetProperty("sha256").GetString());
        var answer = await _server.Generation().GenerateAsync(new GenerateRequest { Prompt = { Rpc.Text("The sky is") }, MaxTokens = 2, Steering = new SteeringSpec { Use = { result.Use }, Include = { Include.Receipt } } });
        Assert.Equal("rpc-facts", answer.Steering.Applied[0].Use.Vector);

        await operations.DeleteOperationAsync(new DeleteOperationRequest { Name = begun.Name });
        Assert.Equal(StatusCode.NotFound, (await Rpc.RefusedAsync(async () => await operations.GetOperationAsync(new GetOperationRequest { Name = begun.Name }))).Code);
        await datasets.DeleteDatasetAsync(new DeleteDatasetRequest { Name = "rpc-facts" });
        Assert.Empty((await datasets.ListDatasetsAsync(new ListDatasetsRequest())).Datasets);
    }

    [Fact]
    public async Task Cancelling_ends_it_with_the_code_cancelled()
    {
        var operations = new Operations.OperationsClient(_server.Channel);
        var begun = await new Steering.V1.Extractions.ExtractionsClient(_server.Channel).ExtractAsync(new ExtractRequest { Vector = "never", Text = Features.Extraction.Extractions.Lines(40), Grains = new GrainsOptions { Points = 200 } });

        await operations.CancelOperationAsync(new CancelOperationRequest { Name = begun.Name });
        var ended = await operations.WaitOperationAsync(new WaitOperationRequest { Name = begun.Name });

        Assert.Equal((true, (int)StatusCode.Cancelled), (ended.Done, ended.Error.Code));
    }

    [Fact]
    public async Task Rows_and_options_are_checked_as_over_http()
    {
        var extractions = new Steering.V1.Extractions.ExtractionsClient(_server.Channel);
        var row = Struct.Parser.ParseJson("""{"prompt": "a", "preferred": "b"}""");

        var refused = await Rpc.RefusedAsync(async () => await extractions.ExtractAsync(new ExtractRequest { Vector = "x", Rows = { row }, Grains = new GrainsOptions { TopK = -1 } }));
        var later = await Rpc.RefusedAsync(async () => await extractions.ExtractAsync(new ExtractRequest { Vector = "x", Rows = { row } }));
        var nothing = await Rpc.RefusedAsync(async () => await extractions.WatchOperation(new WatchOperationRequest { Name = "operations/none" }).ResponseStream.MoveNext());

        Assert.Equal((StatusCode.InvalidArgument, "grains.top_k"), (refused.Code, Assert.Single(refused.Fields).Field));
        Assert.Equal((StatusCode.InvalidArgument, "rows[0].dispreferred"), (later.Code, Assert.Single(later.Fields).Field));
        Assert.Equal((StatusCode.NotFound, "OPERATION_NOT_FOUND"), (nothing.Code, nothing.Info!.Reason));
    }
}
