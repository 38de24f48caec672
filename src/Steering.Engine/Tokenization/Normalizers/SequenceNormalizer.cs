namespace Steering.Engine.Tokenization.Normalizers;

/// <summary>One after the other.</summary>
internal sealed class SequenceNormalizer : Normalizer
{
    private readonly Normalizer[] _normalizers;

    private SequenceNormalizer(Normalizer[] normalizers) => _normalizers = normalizers;

    /// <summary>Null for none.</summary>
    public static Normalizer? Of(Normalizer[] normalizers) => normalizers.Length switch
    {
        0 => null,
        1 => normalizers[0],
        _ => new SequenceNormalizer(normalizers),
    };

    public override void Apply(AlignedText input, int start, int end, AlignedText output)
    {
        foreach (var normalizer in _normalizers.AsSpan(0, _normalizers.Length - 1))
        {
            var between = new AlignedText(end - start);
            normalizer.Apply(input, start, end, between);
            (input, start, end) = (between, 0, between.Length);
        }
        _normalizers[^1].Apply(input, start, end, output);
    }
}
