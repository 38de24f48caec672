using Steering.Engine.Generation;

namespace SteeringServer.Features.Generation;

/// <summary>The choices of a request and, where asked for, their unsteered twins.</summary>
internal sealed class GenerationRecord
{
    private readonly bool _keepsText;
    private int _open;

    /// <param name="keepsText">Whether the choices' text is wanted at the end; that of the twins always is.</param>
    public GenerationRecord(PreparedGeneration generation, bool keepsText)
    {
        Generation = generation;
        _keepsText = keepsText;
        Choices = [.. Enumerable.Range(0, generation.Choices).Select(index => new ChoiceRecord(index))];
        Unsteered = generation.Steering.WantsUnsteered ? [.. Enumerable.Range(0, generation.Choices).Select(index => new ChoiceRecord(index))] : [];
        _open = Choices.Length + Unsteered.Length;
    }

    public PreparedGeneration Generation { get; }
    public ChoiceRecord[] Choices { get; }

    /// <summary>Empty where not asked for.</summary>
    public ChoiceRecord[] Unsteered { get; }

    public int CompletionTokens => Choices.Sum(choice => choice.End?.Tokens ?? 0);

    /// <exception cref="GenerationFailedException">The sequence failed.</exception>
    public void Accept(in ChoiceUpdate update)
    {
        if (update.Index < 0) return;
        if (update.End is { Reason: FinishReason.Error } end) throw new GenerationFailedException(end.Error ?? "the engine failed");
        (update.IsUnsteered ? Unsteered : Choices)[update.Index].Accept(update, _keepsText || update.IsUnsteered);
        if (update.End is not null) _open--;
    }
}

/// <summary>The engine ended a sequence with an error.</summary>
internal sealed class GenerationFailedException(string reason) : Exception(reason);
