using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;

namespace Steering.Engine.Loading.Gguf;

/// <summary>
/// A model in llama.cpp's form: its metadata is translated into the config.json of the same model, so that both forms are read and checked by the same code. Keys:
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
/// </summary>
internal static class GgufModel
{
    /// <summary>general.architecture and the model_type it is; the others of llama.cpp store other families, or store them differently.</summary>
    private static readonly ImmutableSortedDictionary<string, string> Architectures = new Dictionary<string, string> { ["llama"] = "llama", ["qwen2"] = "qwen2" }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private const int MaxCount = 1 << 27;

    /// <summary>What requests may rely on, from the metadata and the tensors' shapes.</summary>
    /// <exception cref="ModelFormatException">A key is missing or malformed, or asks for something unsupported.</exception>
    public static ModelConfig ReadConfig(GgufFile file)
    {
        var metadata = new GgufMetadata(file);
        string architecture = Architecture(metadata);
        RefuseUnsupported(metadata, architecture);
        var shape = ReadShape(file, metadata, architecture);
        string[] tokens = metadata.Texts("tokenizer.ggml.tokens") ?? [];
        int? Token(string kind) => metadata.Int($"tokenizer.ggml.{kind}_token_id", 0, shape.VocabularySize - 1);
        string? Piece(int? id) => id < tokens.Length ? tokens[id.Value] : null;
        int? bos = Token("bos"), eos = Token("eos"), eot = Token("eot"), pad = Token("padding"), unknown = Token("unknown");
        return new ModelConfig
        {
            Shape = WithFrequencyFactors(shape, file),
            BosTokenIds = bos is { } first ? [first] : [],
            // A chat model's end of a turn ends generation as well.
            EosTokenIds = [.. new[] { eos, eot }.OfType<int>().Distinct()],
            PadTokenId = pad,
            Generation = new GenerationDefaults(),
            Tokenizer = new TokenizerSettings
            {
                ChatTemplate = metadata.Text("tokenizer.chat_template"),
                NamedTemplates = NamedTemplates(file, metadata),
                BosToken = Piece(bos),
                EosToken = Piece(eos),
                PadToken = Piece(pad),
                UnkToken = Piece(unknown),
                AddBosToken = metadata.Flag("tokenizer.ggml.add_bos_token"),
            },
        };
    }

    private static string Architecture(GgufMetadata metadata)
    {
        const string key = "general.architecture";
        string architecture = metadata.RequireText(key), supported = string.Join(", ", Architectures.Keys);
        return Architectures.ContainsKey(architecture) ? architecture : throw metadata.Error(key, $"\"{architecture}\" is not supported in GGUF files; supported: {supported}; other families are read from Hugging Face folders");
    }

    private static void RefuseUnsupported(GgufMetadata metadata, string architecture)
    {
        if (metadata.Text("general.type") is { } type and not "model") throw metadata.Error("general.type", $"is \"{type}\"; expected \"model\"");
        if (metadata.Int("split.count", 0, MaxCount) is > 1 and var parts) throw metadata.Error("split.count", $"is {parts}: the model is split over files; join them with llama-gguf-split --merge");
        foreach (string count in (string[])["expert_count", "attention.sliding_window", "pooling_type"])
            if (metadata.Int($"{architecture}.{count}", 0, MaxCount) is > 0) throw metadata.Error($"{architecture}.{count}", "is not supported in GGUF files; supported: 0");
        if (metadata.Flag($"{architecture}.attention.causal") is false) throw metadata.Error($"{architecture}.attention.causal", "is false; only causal attention is supported");
    }

    private static DecoderShape ReadShape(GgufFile file, GgufMetadata metadata, string architecture)
    {
        using var config = JsonDocumentFile.Parse(file.Path, ConfigJson(file, metadata, architecture));
        try
        {
            return DecoderShapeReader.Read(config.Root);
        }
        catch (ModelFormatException refused)
        {
            string Key(string name) => $"{architecture}.{name}";
            throw GgufMetadata.Renamed(refused, ("vocab_size", "token_embd.weight"), ("hidden_size", Key("embedding_length")), ("intermediate_size", Key("feed_forward_length")),
                ("num_hidden_layers", Key("block_count")), ("num_attention_heads", Key("attention.head_count")), ("num_key_value_heads", Key("attention.head_count_kv")),
                ("head_dim", Key("attention.key_length")), ("max_position_embeddings", Key("context_length")), ("rms_norm_eps", Key("attention.layer_norm_rms_epsilon")),
                ("rope_theta", Key("rope.freq_base")), ("rope_scaling.factor", Key("rope.scaling.factor")));
        }
    }

    private static byte[] ConfigJson(GgufFile file, GgufMetadata metadata, string architecture)
    {
        string Key(string name) => $"{architecture}.{name}";
        int Size(string name) => metadata.RequireInt(Key(name), 1, MaxCount);
        if (!file.Tensors.TryGetValue("token_embd.weight", out var embedding) || embedding.Shape.Length != 2)
            throw new ModelFormatException(file.Path, "token_embd.weight", "is missing or has not two dimensions: this is no model");
        int hidden = Size("embedding_length"), heads = Size("attention.head_count");
        int? headDimension = metadata.Int(Key("attention.key_length"), 1, MaxCount);
        if (metadata.Int(Key("attention.value_length"), 1, MaxCount) is { } values && values != (headDimension ?? hidden / heads))
            throw metadata.Error(Key("attention.value_length"), $"is {values}; only the width of keys, {headDimension ?? hidden / heads}, is supported");
        if (metadata.Int(Key("rope.dimension_count"), 1, MaxCount) is { } rotated && rotated != (headDimension ?? hidden / heads))
            throw metadata.Error(Key("rope.dimension_count"), $"is {rotated}; only the width of heads, {headDimension ?? hidden / heads}, is supported");

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model_type", Architectures[architecture]);
            json.WriteNumber("vocab_size", embedding.Shape[0]);
            json.WriteNumber("hidden_size", hidden);
            json.WriteNumber("intermediate_size", Size("feed_forward_length"));
            json.WriteNumber("num_hidden_layers", Size("block_count"));
            json.WriteNumber("num_attention_heads", heads);
            json.WriteNumber("num_key_value_heads", metadata.Int(Key("attention.head_count_kv"), 1, MaxCount) ?? heads);
            if (headDimension is { } width) json.WriteNumber("head_dim", width);
            json.WriteNumber("max_position_embeddings", Size("context_length"));
            json.WriteNumber("rms_norm_eps", metadata.RequireNumber(Key("attention.layer_norm_rms_epsilon")));
            json.WriteNumber("rope_theta", metadata.Number(Key("rope.freq_base")) ?? 10000);
            WriteRopeScaling(json, metadata, Key("rope.scaling."));
            json.WriteBoolean("attention_bias", file.Tensors.ContainsKey("blk.0.attn_q.bias"));
            json.WriteBoolean("mlp_bias", file.Tensors.ContainsKey("blk.0.ffn_gate.bias"));
            json.WriteBoolean("tie_word_embeddings", !file.Tensors.ContainsKey("output.weight"));
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteRopeScaling(Utf8JsonWriter json, GgufMetadata metadata, string at)
    {
        switch (metadata.Text($"{at}type"))
        {
            case null or "none":
                return;
            case "linear":
                json.WriteStartObject("rope_scaling");
                json.WriteString("rope_type", "linear");
                json.WriteNumber("factor", metadata.RequireNumber($"{at}factor"));
                json.WriteEndObject();
                return;
            case var type:
                throw metadata.Error($"{at}type", $"\"{type}\" is not supported; supported: none, linear");
        }
    }

    /// <summary>Llama 3.1's scaling comes as a tensor of one factor for each frequency.</summary>
    private static DecoderShape WithFrequencyFactors(DecoderShape shape, GgufFile file)
    {
        const string name = "rope_freqs.weight";
        if (!file.Tensors.ContainsKey(name)) return shape;
        float[] factors = file.ReadFloats(name);
        if (factors.Length != shape.RotaryDimension / 2 || !factors.All(factor => float.IsFinite(factor) && factor > 0))
            throw new ModelFormatException(file.Path, name, $"has {factors.Length} factors; expected {shape.RotaryDimension / 2} positive numbers");
        var list = new ValueList<double>([.. factors.Select(factor => (double)factor)]);
        return shape with { RopeScaling = new RopeScaling.LongRope(list, list, int.MaxValue, 1) };
    }

    private static ImmutableSortedDictionary<string, string> NamedTemplates(GgufFile file, GgufMetadata metadata)
    {
        const string prefix = "tokenizer.chat_template.";
        return file.Metadata.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).ToImmutableSortedDictionary(key => key[prefix.Length..], key => metadata.Text(key)!, StringComparer.Ordinal);
    }
}
