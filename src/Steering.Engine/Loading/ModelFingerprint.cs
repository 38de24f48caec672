using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Steering.Engine.Loading;

/// <summary>
/// The identity of a model (docs/decisions.md 21): SHA-256 of its shape and, per tensor in the order of names, of name, type, sizes, and its first and last 4,096 bytes.
/// The form of config.json, token ids, generation defaults and the division into shards do not change it.
/// </summary>
public static class ModelFingerprint
{
    private const int SampleLength = 4096;

    /// <summary>Lower-case hexadecimal. Reads at most 8 KiB per tensor.</summary>
    public static string Compute(DecoderShape shape, ModelWeights weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendText("model fingerprint 1");
        foreach (string field in Fields(shape)) hash.AppendText(field);
        foreach (var tensor in weights.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            hash.AppendText(tensor.Name);
            hash.AppendText(tensor.Entry.TypeName);
            hash.AppendText(tensor.Entry.ShapeText);
            int sample = (int)Math.Min(tensor.Length, SampleLength);
            hash.AppendData(tensor.File.Span(tensor.Offset, sample));
            hash.AppendData(tensor.File.Span(tensor.Offset + tensor.Length - sample, sample));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Names and order are part of the fingerprint: a field added for a new family belongs at the end, and only where it is not the default.
    private static IEnumerable<string> Fields(DecoderShape shape)
    {
        yield return $"model_type={shape.ModelType}";
        yield return Line("vocab_size", shape.VocabularySize);
        yield return Line("hidden_size", shape.HiddenSize);
        yield return Line("intermediate_size", shape.IntermediateSize);
        yield return Line("num_hidden_layers", shape.Blocks);
        yield return Line("num_attention_heads", shape.Heads);
        yield return Line("num_key_value_heads", shape.KeyValueHeads);
        yield return Line("head_dim", shape.HeadDimension);
        yield return Line("max_position_embeddings", shape.MaxPositions);
        yield return Line("rms_norm_eps", shape.NormEps);
        yield return Line("rope_theta", shape.RopeTheta);
        yield return shape.RopeScaling switch
        {
            RopeScaling.Linear linear => Line("rope.linear", linear.Factor),
            RopeScaling.Llama3 llama => $"{Line("rope.llama3", llama.Factor)},{Line("low", llama.LowFrequencyFactor)},{Line("high", llama.HighFrequencyFactor)},{Line("original", llama.OriginalMaxPositions)}",
            RopeScaling.LongRope rope => $"{Line("rope.longrope", rope.OriginalMaxPositions)},{Line("attention", rope.AttentionFactor)},short={List(rope.ShortFactors)},long={List(rope.LongFactors)}",
            RopeScaling.None => "rope.none",
            _ => throw new UnreachableException(),
        };
        yield return $"attention_bias={shape.AttentionBias}";
        yield return $"mlp_bias={shape.MlpBias}";
        yield return $"tie_word_embeddings={shape.TieWordEmbeddings}";
        yield return $"activation={shape.Activation}";

        // What only other families than Llama have.
        if (shape.BlockShapes.Any(block => block != new BlockShape())) yield return $"blocks={string.Join(' ', shape.BlockShapes.Select(b => $"{b.Rotation}:{b.Window}:{b.HasExperts}"))}";
        if (shape.RotaryDimension != shape.HeadDimension) yield return Line("rotary_dim", shape.RotaryDimension);
        if (shape.LocalRopeTheta is { } local) yield return Line("local_rope_theta", local);
        if (shape.AttentionScale != 1 / Math.Sqrt(shape.HeadDimension)) yield return Line("attention_scale", shape.AttentionScale);
        if (shape.AttentionSoftCap is { } attention) yield return Line("attention_soft_cap", attention);
        if (shape.LogitSoftCap is { } logits) yield return Line("logit_soft_cap", logits);
        if (shape.AttentionOutputBias != shape.AttentionBias) yield return $"attention_output_bias={shape.AttentionOutputBias}";
        if (shape.ParallelResidual) yield return "parallel_residual";
        if (shape.Experts is { } experts) yield return $"experts={experts.Count},{experts.PerToken},{experts.IntermediateSize},{experts.Renormalise}";
    }

    private static string List(ValueList<double> numbers) => string.Join(' ', numbers.Select(n => n.ToString("R", CultureInfo.InvariantCulture)));

    private static string Line(string name, double value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value:R}");
}
