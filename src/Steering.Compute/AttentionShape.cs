namespace Steering.Compute;

/// <summary>Sizes of one attention layer. Query head q reads key-value head q / (Heads / KeyValueHeads).</summary>
public readonly record struct AttentionShape(int Heads, int KeyValueHeads, int HeadDimension)
{
    public int HeadsPerKeyValue => Heads / KeyValueHeads;
    public int QueryWidth => Heads * HeadDimension;
    public int KeyValueWidth => KeyValueHeads * HeadDimension;

    /// <summary>Query, key and value side by side, as one projection writes them.</summary>
    public int FusedWidth => QueryWidth + 2 * KeyValueWidth;
}

/// <summary>How one layer attends.</summary>
/// <param name="Scale">Factor of the scores.</param>
/// <param name="Window">A row sees this many positions, its own included; 0: all before it.</param>
/// <param name="SoftCap">c: scores become c tanh(score / c) (Gemma 2); 0: they stay as they are.</param>
public readonly record struct AttentionRule(float Scale, int Window = 0, float SoftCap = 0);

/// <summary>Where each row of a step sits: its position in its sequence and that sequence's table of KV blocks.</summary>
/// <param name="Rows">Rows of the step.</param>
/// <param name="Positions">int[Rows]: absolute position, from 0.</param>
/// <param name="TableStarts">int[Rows]: where the row's sequence begins in <paramref name="Tables"/>.</param>
/// <param name="Tables">int[]: block indices of all sequences; position p of a sequence lies in its block p / 64.</param>
public readonly record struct RowPlaces(int Rows, nint Positions, nint TableStarts, nint Tables);
