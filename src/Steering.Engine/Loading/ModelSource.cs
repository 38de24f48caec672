using Steering.Engine.Loading.Gguf;
using Steering.Engine.Templates;
using Steering.Engine.Tokenization;

namespace Steering.Engine.Loading;

/// <summary>A model on disk: a folder in Hugging Face layout, or one GGUF file. Owns the mapped weights.</summary>
public sealed class ModelSource : IDisposable
{
    private readonly string _path;
    private readonly GgufFile? _gguf;

    private ModelSource(string path, ModelConfig config, ModelWeights weights, GgufFile? gguf) => (_path, Config, Weights, _gguf) = (path, config, weights, gguf);

    public ModelConfig Config { get; }

    public ModelWeights Weights { get; }

    /// <summary>What errors about the tokenizer call its file.</summary>
    public string TokenizerFile => _gguf is null ? Path.Combine(_path, "tokenizer.json") : _path;

    /// <summary>Whether a path looks like a model: a folder with config.json, or a file that ends in .gguf.</summary>
    public static bool Exists(string path) => IsGguf(path) ? File.Exists(path) : File.Exists(Path.Combine(path, "config.json"));

    /// <summary>What a model is called if nobody says otherwise: the folder's name, or the file's without .gguf.</summary>
    public static string NameOf(string path)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return IsGguf(path) ? Path.GetFileNameWithoutExtension(name) : name;
    }

    /// <exception cref="ModelFormatException">A file is missing or malformed, or asks for something unsupported.</exception>
    public static ModelSource Open(string path)
    {
        if (!IsGguf(path)) return new ModelSource(path, ModelConfig.Load(path), ModelWeights.Open(path), null);
        var file = GgufFile.Open(path);
        try
        {
            var config = GgufModel.ReadConfig(file);
            return new ModelSource(path, config, GgufWeights.Take(file, config.Shape), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <exception cref="ModelFormatException">It is missing, malformed, of a kind that is not supported, or has more tokens than the model.</exception>
    public Tokenizer ReadTokenizer()
    {
        var tokenizer = _gguf is { } file ? GgufTokenizer.Read(file) : Tokenizer.Load(TokenizerFile);
        int vocabulary = Config.Shape.VocabularySize;
        return tokenizer.VocabularySize <= vocabulary ? tokenizer
            : throw new ModelFormatException(TokenizerFile, "model.vocab", $"has ids up to {tokenizer.VocabularySize - 1}, but the model's vocabulary has {vocabulary} tokens");
    }

    /// <summary>Null: the model has no chat template.</summary>
    public ChatTemplate? ReadTemplate() => Config.Tokenizer.ChatTemplate is { } text ? ChatTemplate.Parse(text, _gguf is null ? Path.Combine(_path, "tokenizer_config.json") : _path) : null;

    private static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && !Directory.Exists(path);

    public void Dispose() => Weights.Dispose();
}
