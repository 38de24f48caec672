using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Steering.Engine.Tokenization;

namespace Steering.Engine.Loading.Gguf;

/// <summary>The tokenizer of a GGUF file, as the tokenizer.json it was converted from: byte-level byte pairs ("gpt2") and SentencePiece byte pairs ("llama").</summary>
internal static class GgufTokenizer
{
    private const string Model = "tokenizer.ggml.model", Tokens = "tokenizer.ggml.tokens", Types = "tokenizer.ggml.token_type", Scores = "tokenizer.ggml.scores", Merges = "tokenizer.ggml.merges";
    private const int MaxPieceLength = 1024;

    // llama.cpp, llama.h, enum llama_token_type
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Byte = 6;

    /// <exception cref="ModelFormatException">The file has no tokenizer, one of another kind, or a malformed one.</exception>
    public static Tokenizer Read(GgufFile file)
    {
        var metadata = new GgufMetadata(file);
        string model = metadata.RequireText(Model);
        string[] tokens = metadata.Texts(Tokens) ?? throw metadata.Error(Tokens, "is missing; expected an array of strings");
        int[] types = metadata.Ints(Types) ?? Enumerable.Repeat(Normal, tokens.Length).ToArray();
        if (types.Length != tokens.Length) throw metadata.Error(Types, $"has {types.Length} items; there are {tokens.Length} tokens");
        var buffer = new ArrayBufferWriter<byte>(tokens.Length * 32);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteAddedTokens(json, tokens, types);
            switch (model)
            {
                case "gpt2":
                    WriteByteLevel(json, metadata, tokens);
                    break;
                case "llama":
                    WriteSentencePiece(json, metadata, tokens, types);
                    break;
                default:
                    throw metadata.Error(Model, $"\"{model}\" is not supported; supported: gpt2, llama");
            }
            json.WriteEndObject();
        }
        try
        {
            return Tokenizer.Parse(buffer.WrittenMemory, file.Path);
        }
        catch (ModelFormatException refused)
        {
            throw GgufMetadata.Renamed(refused, ("model.merges", Merges), ("model.vocab", Tokens), ("added_tokens", Tokens));
        }
    }

    private static void WriteAddedTokens(Utf8JsonWriter json, string[] tokens, int[] types)
    {
        json.WriteStartArray("added_tokens");
        for (int id = 0; id < tokens.Length; id++)
        {
            if (types[id] is not (Unknown or Control or UserDefined)) continue;
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", tokens[id]);
            json.WriteBoolean("special", types[id] != UserDefined);
            foreach (string flag in (string[])["single_word", "lstrip", "rstrip", "normalized"]) json.WriteBoolean(flag, false);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, GgufMetadata metadata, string[] tokens)
    {
        var pre = GgufPreTokenizer.Of(metadata);
        string[] merges = metadata.Texts(Merges) ?? throw metadata.Error(Merges, "is missing; expected an array of strings");
        if (pre.IsComposed) Write(json, "normalizer", """{"type": "NFC"}""");
        Write(json, "pre_tokenizer", pre.PreTokenizer);
        WriteEnds(json, metadata, tokens, addsBos: pre.AddsBos);
        Write(json, "decoder", """{"type": "ByteLevel"}""");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteBoolean("ignore_merges", pre.IgnoresMerges);
        WriteVocabulary(json, metadata, tokens);
        json.WriteStartArray("merges");
        foreach (string merge in merges) json.WriteStringValue(merge);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSentencePiece(Utf8JsonWriter json, GgufMetadata metadata, string[] tokens, int[] types)
    {
        float[] scores = metadata.Numbers(Scores) ?? throw metadata.Error(Scores, "is missing; expected an array of f32");
        if (scores.Length != tokens.Length) throw metadata.Error(Scores, $"has {scores.Length} items; there are {tokens.Length} tokens");
        int unknown = metadata.Int("tokenizer.ggml.unknown_token_id", 0, tokens.Length - 1) ?? 0;
        bool addsPrefix = metadata.Flag("tokenizer.ggml.add_space_prefix") ?? true;
        var pieces = new Dictionary<string, float>(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
        {
            if (tokens[id].Length > MaxPieceLength) throw metadata.Error($"{Tokens}[{id}]", $"is {tokens[id].Length} characters long; at most {MaxPieceLength} are read");
            if (types[id] is Normal or UserDefined) pieces[tokens[id]] = float.IsNaN(scores[id]) ? throw metadata.Error($"{Scores}[{id}]", "is not a number") : scores[id];
        }
        const string replace = """{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}""", back = """{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}""";
        Write(json, "normalizer", addsPrefix ? $$"""{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {{replace}}]}""" : replace);
        WriteEnds(json, metadata, tokens, addsBos: true);
        Write(json, "decoder", $$"""{"type": "Sequence", "decoders": [{{back}}{{(addsPrefix ? """, {"type": "Strip", "content": " ", "start": 1, "stop": 0}""" : "")}}]}""");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteString("unk_token", tokens[unknown]);
        json.WriteBoolean("fuse_unk", true);
        json.WriteBoolean("byte_fallback", types.Contains(Byte));
        WriteVocabulary(json, metadata, tokens);
        json.WriteStartArray("merges");
        foreach (var (left, right) in SentencePieceMerges.Of(pieces))
        {
            json.WriteStartArray();
            json.WriteStringValue(left);
            json.WriteStringValue(right);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteVocabulary(Utf8JsonWriter json, GgufMetadata metadata, string[] tokens)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        json.WriteStartObject("vocab");
        for (int id = 0; id < tokens.Length; id++)
        {
            if (!seen.Add(tokens[id])) throw metadata.Error($"{Tokens}[{id}]", "is a token that is there already");
            json.WriteNumber(tokens[id], id);
        }
        json.WriteEndObject();
    }

    // The tokens put before and after a text.
    private static void WriteEnds(Utf8JsonWriter json, GgufMetadata metadata, string[] tokens, bool addsBos)
    {
        int? bos = End("bos", addsBos), eos = End("eos", false);
        if (bos is null && eos is null) return;
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        json.WriteStartArray("single");
        WriteSpecial(bos);
        json.WriteRawValue("""{"Sequence": {"id": "A", "type_id": 0}}""");
        WriteSpecial(eos);
        json.WriteEndArray();
        json.WriteStartObject("special_tokens");
        foreach (int id in new[] { bos, eos }.OfType<int>().Distinct())
        {
            json.WriteStartObject(tokens[id]);
            json.WriteStartArray("ids");
            json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();

        int? End(string kind, bool byDefault) =>
            metadata.Flag($"tokenizer.ggml.add_{kind}_token") ?? byDefault ? metadata.Int($"tokenizer.ggml.{kind}_token_id", 0, tokens.Length - 1) : null;

        void WriteSpecial(int? id)
        {
            if (id is not { } token) return;
            json.WriteStartObject();
            json.WriteStartObject("SpecialToken");
            json.WriteString("id", tokens[token]);
            json.WriteNumber("type_id", 0);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void Write(Utf8JsonWriter json, string name, string value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value);
    }
}
