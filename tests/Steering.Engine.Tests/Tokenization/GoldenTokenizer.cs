using System.Text.Json;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Tokenization;

/// <summary>One tokenizer of the reference data with what Hugging Face tokenizers makes of texts with it.</summary>
internal sealed class GoldenTokenizer
{
    /// <summary>All tokenizers of the reference data.</summary>
    public static readonly string[] Names =
    [
        "storyworld", "gpt2", "llama3", "qwen2", "roberta", "deepseek", "deepseek3", "falcon", "cl100k", "o200k",
        "stories260k", "phi-3", "llama2", "gemma", "metaspace-first", "metaspace-always", "metaspace-never",
        "t5-small", "albert", "unigram", "bert",
    ];

    private readonly string _folder;

    public GoldenTokenizer(string name)
    {
        _folder = Repository.Shared("golden", "tokenizers", name);
        Meta = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "meta.json"))).RootElement;
        string own = Path.Combine(_folder, "tokenizer.json");
        JsonPath = File.Exists(own) ? own : Path.GetFullPath(Path.Combine(_folder, "..", Meta.GetProperty("tokenizer").GetString()!));
        Tokenizer = Tokenizer.Load(JsonPath);
    }

    public Tokenizer Tokenizer { get; }
    public JsonElement Meta { get; }
    public string JsonPath { get; }

    public IEnumerable<JsonElement> Cases => Lines("cases.jsonl");
    public IEnumerable<JsonElement> DecodeCases => Lines("decode.jsonl");

    public static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    private IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(Path.Combine(_folder, file)).Select(line => JsonDocument.Parse(line).RootElement);
}
