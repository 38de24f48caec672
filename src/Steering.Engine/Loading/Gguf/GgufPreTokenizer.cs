using System.Collections.Frozen;

namespace Steering.Engine.Loading.Gguf;

/// <summary>
/// How text is cut into words before merging, by the name in tokenizer.ggml.pre. llama.cpp has a list of regexes for each name (llama-vocab.cpp); here stand the parts of the original
/// tokenizer.json that they were made from.
/// </summary>
/// <param name="PreTokenizer">The value of <c>pre_tokenizer</c>.</param>
/// <param name="IgnoresMerges">A word that is in the vocabulary is its token.</param>
/// <param name="AddsBos">Whether a beginning-of-sequence token is added where the file does not say.</param>
/// <param name="IsComposed">Whether text is normalised to NFC.</param>
internal sealed record GgufPreTokenizer(string PreTokenizer, bool IgnoresMerges = false, bool AddsBos = false, bool IsComposed = false)
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Words = """[^\r\n\p{L}\p{N}]?\p{L}+""";
    private const string Rest = """ ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""";
    private const string Upper = """[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]""", Lower = """[\p{Ll}\p{Lm}\p{Lo}\p{M}]""";
    private const string CasedRest = """ ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+""";

    private static readonly string Gpt2 = """{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}""";
    private static readonly string SingleDigits = Sequence("""{"type": "Digits", "individual_digits": true}""", Gpt2);

    private static readonly string Llama3 = Regexes($$"""{{Contractions}}|{{Words}}|\p{N}{1,3}|{{Rest}}""");
    private static readonly string Qwen2 = Regexes($$"""{{Contractions}}|{{Words}}|\p{N}|{{Rest}}""");
    private static readonly string Gpt4o = Regexes(
        $$"""[^\r\n\p{L}\p{N}]?{{Upper}}*{{Lower}}+{{Contractions}}?|[^\r\n\p{L}\p{N}]?{{Upper}}+{{Lower}}*{{Contractions}}?|\p{N}{1,3}|{{CasedRest}}""");
    private static readonly string Tekken = Regexes($$"""[^\r\n\p{L}\p{N}]?{{Upper}}*{{Lower}}+|[^\r\n\p{L}\p{N}]?{{Upper}}+{{Lower}}*|\p{N}|{{CasedRest}}""");
    private static readonly string DeepSeek3 = Regexes(
        """\p{N}{1,3}""", "[一-龥぀-ゟ゠-ヿ]+",
        """[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""");
    private static readonly string Falcon = Sequence("""{"type": "Punctuation", "behavior": "Contiguous"}""", Gpt2, """{"type": "Digits", "individual_digits": false}""", Split("[0-9][0-9][0-9]"));

    private static readonly FrozenDictionary<string, GgufPreTokenizer> All = Table(
        (["gpt-2", "gpt2", "olmo", "phi-2", "mpt", "jais", "gigachat", "trillion"], new(Gpt2)),
        (["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"], new(SingleDigits)),
        (["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2"], new(Llama3, IgnoresMerges: true, AddsBos: true)),
        (["dbrx", "smaug-bpe"], new(Llama3)),
        (["qwen2", "deepseek-r1-qwen", "megrez", "stablelm2"], new(Qwen2, IsComposed: true)),
        (["gpt-4o", "llama4"], new(Gpt4o)),
        (["tekken"], new(Tekken, IgnoresMerges: true, AddsBos: true)),
        (["deepseek-v3", "hunyuan-dense"], new(DeepSeek3)),
        (["falcon"], new(Falcon)));

    /// <summary>The one of a name.</summary>
    /// <exception cref="ModelFormatException">The file names none, or one that is not known.</exception>
    public static GgufPreTokenizer Of(GgufMetadata metadata)
    {
        const string key = "tokenizer.ggml.pre";
        string supported = string.Join(", ", All.Keys.Order(StringComparer.Ordinal));
        string name = metadata.Text(key) ?? throw metadata.Error(key, $"is missing: the file is from before May 2024, convert it again; supported: {supported}");
        return Named(name) ?? throw metadata.Error(key, $"\"{name}\" is not supported; supported: {supported}");
    }

    /// <summary>Null for a name that is not known.</summary>
    public static GgufPreTokenizer? Named(string name) => All.GetValueOrDefault(name);

    private static FrozenDictionary<string, GgufPreTokenizer> Table(params (string[] Names, GgufPreTokenizer Value)[] rows) =>
        rows.SelectMany(row => row.Names.Select(name => (name, row.Value))).ToFrozenDictionary(row => row.name, row => row.Value, StringComparer.Ordinal);

    private static string Regexes(params string[] patterns) =>
        Sequence([.. patterns.Select(Split), """{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}"""]);

    private static string Sequence(params string[] parts) => $$"""{"type": "Sequence", "pretokenizers": [{{string.Join(", ", parts)}}]}""";

    private static string Split(string pattern) => $$"""{"type": "Split", "pattern": {"Regex": {{System.Text.Json.JsonSerializer.Serialize(pattern)}}}, "behavior": "Isolated", "invert": false}""";
}
