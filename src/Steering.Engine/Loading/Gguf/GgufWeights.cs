using System.Text.RegularExpressions;

namespace Steering.Engine.Loading.Gguf;

/// <summary>
/// The tensors of a GGUF file under the names they have in a Hugging Face folder. llama.cpp rotates neighbouring values of a head where transformers rotates values half a head apart, so the
/// converter has reordered rows of queries and keys of the llama architecture (convert_hf_to_gguf.py, LlamaModel.permute); each comes with the order that undoes it.
/// </summary>
internal static partial class GgufWeights
{
    private static readonly Dictionary<string, string> Globals = new(StringComparer.Ordinal)
    {
        ["token_embd"] = "model.embed_tokens", ["output_norm"] = "model.norm", ["output"] = "lm_head",
    };

    private static readonly Dictionary<string, string> InBlocks = new(StringComparer.Ordinal)
    {
        ["attn_norm"] = "input_layernorm", ["ffn_norm"] = "post_attention_layernorm",
        ["attn_q"] = "self_attn.q_proj", ["attn_k"] = "self_attn.k_proj", ["attn_v"] = "self_attn.v_proj", ["attn_output"] = "self_attn.o_proj",
        ["ffn_gate"] = "mlp.gate_proj", ["ffn_up"] = "mlp.up_proj", ["ffn_down"] = "mlp.down_proj",
    };

    /// <summary>Read with the configuration, not as a weight.</summary>
    private const string FrequencyFactors = "rope_freqs.weight";

    /// <summary>Takes the file over.</summary>
    public static ModelWeights Take(GgufFile file, DecoderShape shape)
    {
        bool isInterleaved = shape.ModelType == "llama";
        var tensors = new Dictionary<string, WeightTensor>(StringComparer.Ordinal);
        foreach (var (name, entry) in file.Tensors)
        {
            if (name == FrequencyFactors) continue;
            string translated = Translate(name);
            bool isRotated = isInterleaved && (translated.Contains(".q_proj.", StringComparison.Ordinal) || translated.Contains(".k_proj.", StringComparison.Ordinal));
            tensors[translated] = new WeightTensor(file.Data, entry) { Order = isRotated && !entry.Shape.IsEmpty ? HalvesApart(entry.Shape[0], shape.HeadDimension) : null };
        }
        return new ModelWeights([file], tensors, file.Path);
    }

    // A name that is not known stays as it is, and is refused as a tensor without a place.
    private static string Translate(string name)
    {
        if (Name().Match(name) is not { Success: true } match) return name;
        string block = match.Groups["block"].Value, what = match.Groups["what"].Value, end = match.Groups["end"].Value;
        if (block.Length == 0) return Globals.TryGetValue(what, out string? global) ? $"{global}.{end}" : name;
        return InBlocks.TryGetValue(what, out string? inBlock) ? $"model.layers.{block}.{inBlock}.{end}" : name;
    }

    /// <summary>For rows of heads stored (0, half, 1, half + 1, ...): where each belongs. Null where the rows are no whole heads, which the shape's check refuses.</summary>
    private static int[]? HalvesApart(long rows, int width)
    {
        if (rows % width != 0 || rows > int.MaxValue) return null;
        var order = new int[rows];
        for (int row = 0; row < order.Length; row++) order[row] = row / width * width + row % 2 * (width / 2) + row % width / 2;
        return order;
    }

    [GeneratedRegex(@"^(blk\.(?<block>\d{1,6})\.)?(?<what>\w+)\.(?<end>weight|bias)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
