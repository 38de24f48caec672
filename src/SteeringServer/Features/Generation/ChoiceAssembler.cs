using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Steering.Engine.Generation;
using Steering.Engine.Interventions;
using Steering.Engine.Tokenization;

namespace SteeringServer.Features.Generation;

/// <summary>
/// Turns the token events of one sequence into text: whole characters only, stop strings held back, log-probabilities beside the text they belong to.
/// Used by one reader at a time.
/// </summary>
internal sealed class ChoiceAssembler
{
    // Decoders that strip a leading space must not strip it in the middle of a text, so they are shown the end of the prompt first.
    private const int PrimingTokens = 16;

    private readonly IncrementalDecoder _decoder;
    private readonly StopStringScanner _stops;
    private readonly GenerationRequest _request;
    private readonly PreparedPrompt _prompt;
    private readonly int _index;
    private readonly bool _isUnsteered, _echo;
    private readonly List<int> _generated = [];
    private List<ScoredPiece>? _pieces;
    private int _promptPieces, _offset, _shown;
    private bool _isEchoed;

    /// <param name="choice">The choice, counted over all prompts.</param>
    /// <param name="request">What the engine was asked for.</param>
    public ChoiceAssembler(PreparedGeneration generation, int choice, bool isUnsteered, GenerationRequest request, Tokenizer tokenizer)
    {
        (_index, _isUnsteered, _echo, _request) = (choice, isUnsteered, generation.Echo, request);
        _prompt = generation.Prompts[generation.PromptOf(choice)];
        _stops = new StopStringScanner(generation.Settings.Stop);
        _decoder = tokenizer.CreateDecoder(skipSpecialTokens: true);
        foreach (int token in request.Prompt.AsSpan()[^Math.Min(PrimingTokens, request.Prompt.Length)..]) _decoder.Append(token);
        if (request.Logprobs is not null) _pieces = [];
        _isEchoed = !_echo;
    }

    /// <summary>A stop string was found: the rest of the sequence is not wanted.</summary>
    public bool IsStopped => _stops.IsStopped;

    /// <summary>Takes the next event; false where there is nothing to show yet.</summary>
    public bool Accept(in TokenEvent token, out ChoiceUpdate update)
    {
        if (token.Finish is { } reason)
        {
            update = Finish(reason, token);
            return true;
        }
        update = default;
        if (_stops.IsStopped)
        {
            _generated.Add(token.Token); // the engine goes on until it sees that it was told to stop
            return false;
        }
        if (token.IsPrompt)
        {
            _pieces!.Add(new ScoredPiece(token.Token, token.Logprob, token.Top ?? [], _prompt.Offsets[_promptPieces++]));
            if (_promptPieces < _request.Prompt.Length) return false;
        }
        string shown = _isEchoed ? "" : Echo();
        if (!token.IsPrompt) shown += Generate(token);
        if (shown.Length == 0) return false;
        update = Update(shown);
        return true;
    }

    private string Echo()
    {
        _isEchoed = true;
        string text = _prompt.Text ?? "";
        if (_pieces is not null) _offset = CodePoints(text);
        return text;
    }

    private string Generate(in TokenEvent token)
    {
        _generated.Add(token.Token);
        _shown++;
        bool ends = _request.StopTokens.Contains(token.Token);
        // The token that ends a text is no part of the text, special or not; its log-probability is part of the answer.
        string text = ends ? "" : _decoder.Append(token.Token);
        if (_pieces is not null)
        {
            _pieces.Add(new ScoredPiece(token.Token, token.Logprob, token.Top ?? [], _offset));
            _offset += CodePoints(text);
        }
        return _stops.Append(text);
    }

    private ChoiceUpdate Finish(FinishReason reason, in TokenEvent last)
    {
        string text = _isEchoed || reason == FinishReason.Error ? "" : Echo();
        if (!_stops.IsStopped)
        {
            text += _stops.Append(_decoder.Flush());
            if (!_stops.IsStopped) text += _stops.Flush();
        }
        if (_stops.IsStopped) reason = FinishReason.Stop;
        var (steered, error) = Steered(last, reason);
        return Update(text) with { End = new ChoiceEnd(error is null ? reason : FinishReason.Error, _shown, steered, error) };
    }

    // What the engine counted must be what the plan says of every token that it made, or the text was not steered as the receipt would claim. The receipt
    // counts the text that is shown, which ends before them where a stop string did.
    private (SteeringCounts? Steered, string? Error) Steered(in TokenEvent last, FinishReason reason)
    {
        if (last.Error is not null || reason == FinishReason.Error) return (null, last.Error ?? "the engine failed");
        if (_request.Plan.Uses.IsEmpty) return (null, null);
        var made = Count(_generated.Count);
        bool mayBeWithinPrompt = last.Finish == FinishReason.Cancelled && _generated.Count == 0;
        if (!mayBeWithinPrompt && last.Steered is { } counted && !Same(counted, made))
            return (counted, $"steering was applied to {Describe(counted)} positions (prompt/generated per use), the plan says {Describe(made)}");
        return (_shown == _generated.Count ? made : Count(_shown), null);
    }

    private SteeringCounts Count(int generated) => SteeringExpectation.Count(_request.Plan, _request.Prompt.AsSpan(), CollectionsMarshal.AsSpan(_generated)[..generated]);

    private ChoiceUpdate Update(string text)
    {
        var pieces = _pieces;
        if (pieces is not null) _pieces = [];
        return new ChoiceUpdate { Index = _index, IsUnsteered = _isUnsteered, Text = text, Logprobs = pieces };
    }

    private static bool Same(SteeringCounts left, SteeringCounts right) =>
        left.PromptTokens.AsSpan().SequenceEqual(right.PromptTokens.AsSpan()) && left.GeneratedTokens.AsSpan().SequenceEqual(right.GeneratedTokens.AsSpan());

    private static string Describe(SteeringCounts counts) => string.Join(", ", counts.PromptTokens.Zip(counts.GeneratedTokens, (prompt, generated) => $"{prompt}/{generated}"));

    private static int CodePoints(string text)
    {
        int count = 0;
        foreach (var _ in text.EnumerateRunes()) count++;
        return count;
    }
}
