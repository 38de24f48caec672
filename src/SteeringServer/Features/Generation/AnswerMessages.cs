using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Steering.Engine.Generation;
using SteeringServer.Features.Steering;
using SteeringServer.Hosting;
using Wire = Steering.V1;

namespace SteeringServer.Features.Generation;

/// <summary>Answers as messages: what <see cref="AnswerWriter"/> writes as JSON.</summary>
internal sealed class AnswerMessages(PreparedGeneration generation, ServedModel served, DateTimeOffset created)
{
    private readonly TokenNames _names = served.TokenNames;

    /// <summary>A whole answer.</summary>
    public Wire.GenerateResponse Whole(GenerationRecord record)
    {
        var start = Start();
        return new Wire.GenerateResponse
        {
            Id = start.Id,
            Created = start.Created,
            Model = start.Model,
            SystemFingerprint = start.SystemFingerprint,
            Seed = start.Seed,
            Choices = { generation.Steering.IsDryRun ? [] : record.Choices.Select(Choice) },
            Usage = Usage(record),
            Steering = Receipt(record),
        };
    }

    /// <summary>What a stream begins with.</summary>
    public Wire.GenerationStart Start() => new()
    {
        Id = generation.Id,
        Created = Timestamp.FromDateTimeOffset(created),
        Model = generation.Settings.Model,
        SystemFingerprint = served.SystemFingerprint,
        Seed = unchecked((long)generation.Settings.Sampling.Seed), // as requests send it
    };

    /// <summary>News of one choice.</summary>
    public Wire.ChoiceDelta Delta(in ChoiceUpdate update) => new()
    {
        Index = update.Index,
        Text = update.Text,
        FinishReason = ReasonOf(update.End),
        Logprobs = { Logprobs(update.Logprobs) },
    };

    /// <summary>What a stream ends with.</summary>
    public Wire.GenerationEnd End(GenerationRecord record) => new() { Usage = Usage(record), Steering = Receipt(record) };

    private Wire.Choice Choice(ChoiceRecord choice) => new()
    {
        Index = choice.Index,
        Text = choice.Text,
        FinishReason = ReasonOf(choice.End),
        Logprobs = { Logprobs(choice.Pieces) },
    };

    private IEnumerable<Wire.TokenLogprob> Logprobs(IReadOnlyList<ScoredPiece>? pieces) => (pieces ?? []).Select(piece => new Wire.TokenLogprob
    {
        Token = Score(piece.Token, piece.Logprob),
        TextOffset = piece.Offset,
        TopLogprobs = { piece.Top.Select(other => Score(other.Id, other.Logprob)) },
    });

    private Wire.TokenScore Score(int token, float logprob)
    {
        var score = new Wire.TokenScore { Id = token, Text = _names.Of(token), Bytes = ByteString.CopyFrom(_names.BytesOf(token)) };
        if (!float.IsNaN(logprob)) score.Logprob = logprob;
        return score;
    }

    private Wire.Usage Usage(GenerationRecord record) => new()
    {
        PromptTokens = generation.PromptTokens,
        CompletionTokens = record.CompletionTokens,
        TotalTokens = generation.PromptTokens + record.CompletionTokens,
    };

    private Wire.SteeringReceipt? Receipt(GenerationRecord record)
    {
        var steering = generation.Steering;
        if (steering.IsDryRun) return new Wire.SteeringReceipt
        {
            Plans = { ReceiptMessages.Plans(generation.Plans, generation.Prompts.Select(prompt => prompt.Tokens.Length)) },
            Warnings = { ReceiptWriter.Warnings(generation.Plans) },
        };
        if (!steering.IsPresent || !(steering.WantsReceipt || steering.WantsUnsteered)) return null;
        var receipt = new Wire.SteeringReceipt { Unsteered = { record.Unsteered.Select(Choice) } };
        if (!steering.WantsReceipt) return receipt;
        receipt.Applied.Add(ReceiptMessages.Applied(generation.Plans, [.. record.Choices.Select(choice => choice.End?.Steered)]));
        receipt.Warnings.Add(ReceiptWriter.Warnings(generation.Plans));
        return receipt;
    }

    private static Wire.FinishReason ReasonOf(ChoiceEnd? end) => end?.Reason switch
    {
        null => Wire.FinishReason.Unspecified,
        FinishReason.Length => Wire.FinishReason.Length,
        _ => Wire.FinishReason.Stop,
    };
}
