using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using Steering.Engine.Attribution;
using Steering.Engine.Interventions;
using Steering.Methods.Extraction;
using Steering.Methods.Grains;
using SteeringServer.Errors;
using SteeringServer.Features.Datasets;
using SteeringServer.Features.Operations;
using SteeringServer.Features.Vectors;
using SteeringServer.Hosting;
using SteeringServer.Requests;
using Operation = SteeringServer.Features.Operations.Operation;
using Wire = Steering.V1;

namespace SteeringServer.Features.Extraction;

/// <summary>An extraction that can be run: everything about its request has been checked.</summary>
internal sealed class ExtractionJob
{
    /// <summary>What the states of one extraction may take.</summary>
    private const long MostBytes = 512L << 20;

    private readonly ServedModel _served;
    private readonly ExtractionRequest _request;
    private readonly ExtractionData _data;

    private ExtractionJob(ServedModel served, ExtractionRequest request, ExtractionData data, ImmutableArray<PreferencePair> pairs) => (_served, _request, _data, Pairs) = (served, request, data, pairs);

    public ImmutableArray<PreferencePair> Pairs { get; }

    /// <summary>Reads a request and its data.</summary>
    /// <exception cref="ApiException">Names every problem, rows by their lines.</exception>
    public static (ExtractionJob Job, ExtractionData Data) Read(JsonBody body, ServedModel served, DatasetStore datasets, FieldProblems problems)
    {
        var request = ExtractionRequestReader.Read(body.Root, served, problems);
        var data = ExtractionRequestReader.ReadData(body.Root, datasets, problems);
        problems.ThrowIfAny();
        return (Of(served, request, data!, problems), data!);
    }

    /// <summary>A job as it was kept.</summary>
    /// <exception cref="ApiException">The model is another one by now, and cannot do it.</exception>
    public static ExtractionJob Resume((string Request, string Format, string Content) kept, ServedModel served)
    {
        var problems = new FieldProblems();
        using var body = JsonBody.Parse(Encoding.UTF8.GetBytes(kept.Request));
        return Of(served, ExtractionRequestReader.Read(body.Root, served, problems), new ExtractionData("dataset", kept.Format, kept.Content), problems);
    }

    /// <summary>What an operation begins with.</summary>
    public Wire.ExtractionMetadata Metadata(DateTimeOffset now) => new()
    {
        State = Wire.ExtractionState.Queued,
        Method = Wire.ExtractionMethod.Grains,
        Model = _served.Name,
        Vector = _request.Vector,
        Examples = Pairs.Length,
        Stages = { GrainsExtractor.Stages.Select(stage => new Wire.ExtractionStage { Name = stage }) },
        Fraction = 0,
        Created = Timestamp.FromDateTimeOffset(now),
    };

    /// <summary>Extracts, and registers the vector. Run again with the same checkpoints it goes on where it was, and registers nothing twice.</summary>
    /// <exception cref="ExtractionException">The data give no vector.</exception>
    public Wire.ExtractionResult Run(Operation operation, ICheckpoints checkpoints, Action<ExtractionProgress> progress, CancellationToken cancellation)
    {
        ExtractedVector extracted;
        using (var run = new ExtractionRun(_served.Model, _served.Engine.Context, checkpoints, progress, cancellation)) extracted = GrainsExtractor.Extract(Pairs, _request.Grains, run);
        var registration = _served.Vectors.Register(Upload(extracted), operation.Name);
        return Result(extracted, registration);
    }

    /// <summary>Shares of the work by stage, in the order of the stages: what a forward pass over a token costs is 1.</summary>
    public double[] Costs()
    {
        var attribution = _request.Grains.Attribution;
        double tokens = Pairs.Sum(pair => (double)(2 * pair.Prompt.Length + pair.Preferred.Length + pair.Dispreferred.Length));
        double gradients = attribution.Rule == AttributionRule.Adaptive ? attribution.Budget / 4.0 : attribution.Points;
        double prompt = Pairs.Take(8).Average(pair => (double)pair.Prompt.Length);
        // A gradient is worth four passes; a token that is generated alone costs about as much as four of a prompt.
        return [tokens * gradients * 4, tokens * (1 + _request.Grains.Choices.Length), tokens * 0.5, 19 * 8 * (2 * prompt + 40 * 5)];
    }

    private static ExtractionJob Of(ServedModel served, ExtractionRequest request, ExtractionData data, FieldProblems problems)
    {
        problems.ThrowIfAny();
        if (served.Model.WhyNoGradients is { } reason) throw new ApiException(ApiError.Invalid(reason, "model", ErrorCode.Unsupported));
        var pairs = ExampleReader.Read(served, request, data, problems);
        foreach (int block in Enumerable.Range(0, served.Model.Config.Shape.Blocks))
            if (served.Model.Sites.WhyNot(new Site(SitePoint.ResidPost, block)) is { } missing) problems.Add("layers", missing);
        if (GrainsExtractor.BytesFor(served.Model.Config.Shape, pairs.Length, request.Grains) is var bytes and > MostBytes)
            problems.Add("limit", $"the states of {pairs.Length} rows take {bytes >> 20} MiB; this server spends {MostBytes >> 20} on an extraction: use at most {pairs.Length * MostBytes / bytes} rows");
        problems.ThrowIfAny();
        return new ExtractionJob(served, request, data, pairs);
    }

    private VectorUpload Upload(ExtractedVector extracted)
    {
        var metadata = extracted.Provenance.SetItems(new Dictionary<string, string>
        {
            ["model"] = _served.Name,
            ["data_sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_data.Text))),
            ["recommended_block"] = extracted.RecommendedBlock.ToString(CultureInfo.InvariantCulture),
            ["safe_strength"] = string.Create(CultureInfo.InvariantCulture, $"{extracted.Strength.From:R} to {extracted.Strength.To:R}"),
            ["renormalise"] = extracted.Renormalise.ToString().ToLowerInvariant(),
        });
        if (_request.PromptTemplate is { } prompt) metadata = metadata.SetItem("prompt_template", prompt);
        if (_request.AnswerTemplate is { } answer) metadata = metadata.SetItem("answer_template", answer);
        return new VectorUpload
        {
            Name = _request.Vector,
            Tensors = extracted.Tensors,
            Unit = StrengthUnit.Rms,
            ResidualNorms = extracted.ResidualNorms.ToImmutableSortedDictionary(),
            ModelFingerprint = _served.Model.Fingerprint,
            Metadata = metadata,
            Aliases = _request.Aliases,
        };
    }

    private Wire.ExtractionResult Result(ExtractedVector extracted, Registration registration)
    {
        var vector = registration.Entry.Vector;
        string reference = string.Create(CultureInfo.InvariantCulture, $"{vector.Name}@{vector.Version}");
        var use = new Wire.VectorUse { Vector = reference, Renormalise = extracted.Renormalise == Renormalise.Token ? Wire.Renormalise.Token : Wire.Renormalise.None };
        // Halfway to where answers break.
        if (extracted.Strength.To > 0) use.Strength = Math.Round(extracted.Strength.To / 2, 4);
        return new Wire.ExtractionResult
        {
            Vector = reference,
            Name = vector.Name,
            Version = vector.Version,
            Sha256 = vector.Sha256,
            Existing = registration.Existing,
            Examples = Pairs.Length,
            Blocks =
            {
                extracted.Blocks.Select(block => new Wire.BlockDiagnostics
                {
                    Block = block.Block, HeldOutAuc = block.HeldOutAuc, SplitHalfCosine = block.SplitHalfCosine, Norm = block.Norm, ResidualNorm = block.ResidualNorm,
                }),
            },
            RecommendedBlock = extracted.RecommendedBlock,
            Strength = new Wire.StrengthRange
            {
                Unit = Wire.Unit.Rms,
                From = extracted.Strength.From,
                To = extracted.Strength.To,
                Measurements = { extracted.Strength.Measured.Select(at => new Wire.StrengthMeasurement { Strength = at.Strength, Repetition = at.Repetition, Loss = at.Loss }) },
            },
            Use = use,
        };
    }
}
