using Steering.Engine.Loading;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading;

public sealed class ModelConfigTests : IDisposable
{
    private const string Minimal = """
        "model_type": "llama", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4
        """;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Storyworld_is_read()
    {
        var config = ModelConfig.Load(Repository.PathTo("models", "storyworld", "model"));

        Assert.Equal(new DecoderShape
        {
            ModelType = "llama", VocabularySize = 2048, HiddenSize = 256, IntermediateSize = 704, Blocks = 8, Heads = 8, KeyValueHeads = 4, HeadDimension = 32, MaxPositions = 512,
            RmsNormEps = 1e-5, RopeTheta = 10000, RopeScaling = RopeScaling.None.Instance, AttentionBias = false, MlpBias = false, TieWordEmbeddings = true, Activation = Activation.Silu,
        }, config.Shape);
        Assert.Equal<int>([0], config.BosTokenIds);
        Assert.Equal<int>([1], config.EosTokenIds);
        Assert.Equal(2, config.PadTokenId);
        Assert.Equal(new GenerationDefaults { Temperature = 0.8, TopP = 0.95, DoSample = true }, config.Generation);
        Assert.Equal("<|begin|>", config.Tokenizer.BosToken);
        Assert.Equal(["bos_token", "eos_token", "pad_token"], config.Tokenizer.SpecialTokens.Keys);
        Assert.True(config.Tokenizer.AddBosToken);
        Assert.StartsWith("{{ bos_token }}", config.Tokenizer.ChatTemplate, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("llama-3.1-rope")]
    [InlineData("llama-linear-rope-bias")]
    [InlineData("llama-wide-heads")]
    public void Both_forms_of_config_json_give_the_same_shape(string model)
    {
        string source = Repository.PathTo("tests", "Golden", "models", model);
        File.Copy(Path.Combine(source, "config.hub.json"), _folder.File("config.json"));

        Assert.Equal(ModelConfig.Load(source).Shape, ModelConfig.Load(_folder.Path).Shape);
    }

    [Fact]
    public void Rope_scalings_are_read()
    {
        DecoderShape Shape(string model) => ModelConfig.Load(Repository.PathTo("tests", "Golden", "models", model)).Shape;

        Assert.Equal(RopeScaling.None.Instance, Shape("llama").RopeScaling);
        Assert.Equal(new RopeScaling.Linear(4), Shape("llama-linear-rope-bias").RopeScaling);
        Assert.Equal(new RopeScaling.Llama3(8, 1, 4, 32), Shape("llama-3.1-rope").RopeScaling);
        Assert.Equal(500000, Shape("llama-3.1-rope").RopeTheta);
        Assert.True(Shape("llama-linear-rope-bias") is { AttentionBias: true, MlpBias: true });
        Assert.Equal(80, Shape("llama-wide-heads").QueryWidth);
    }

    [Fact]
    public void Absent_fields_have_the_defaults_of_the_family()
    {
        var shape = Load($$"""{ {{Minimal}} }""").Shape;

        Assert.True(shape is { KeyValueHeads: 4, HeadDimension: 8, MaxPositions: 2048, RmsNormEps: 1e-6, RopeTheta: 10000, TieWordEmbeddings: false, AttentionBias: false });
    }

    [Theory]
    [InlineData("gemma2")]
    [InlineData("gpt2")]
    [InlineData("mixtral")]
    public void Families_that_are_not_known_are_refused_by_name(string model)
    {
        var error = Assert.Throws<ModelFormatException>(() => ModelConfig.Load(Repository.PathTo("tests", "Golden", "models", model)));

        Assert.Equal("model_type", error.Field);
        Assert.Contains(model, error.Message, StringComparison.Ordinal);
        Assert.Contains("llama", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"vocab_size\": 0", "vocab_size")]
    [InlineData("\"vocab_size\": -5", "vocab_size")]
    [InlineData("\"vocab_size\": 99999999999999999999", "vocab_size")]
    [InlineData("\"vocab_size\": 1.5", "vocab_size")]
    [InlineData("\"vocab_size\": \"100\"", "vocab_size")]
    [InlineData("\"vocab_size\": null", "vocab_size")]
    [InlineData("\"hidden_size\": [32]", "hidden_size")]
    [InlineData("\"hidden_size\": 2000000000", "hidden_size")]
    [InlineData("\"hidden_size\": 30", "head_dim")]
    [InlineData("\"hidden_size\": 12", "head_dim")]
    [InlineData("\"num_hidden_layers\": 100000", "num_hidden_layers")]
    [InlineData("\"num_attention_heads\": 0", "num_attention_heads")]
    [InlineData("\"num_key_value_heads\": 3", "num_key_value_heads")]
    [InlineData("\"num_key_value_heads\": 8", "num_key_value_heads")]
    [InlineData("\"head_dim\": 7", "head_dim")]
    [InlineData("\"head_dim\": -8", "head_dim")]
    [InlineData("\"num_attention_heads\": 4096, \"head_dim\": 4096", "head_dim")]
    [InlineData("\"rms_norm_eps\": -1e-6", "rms_norm_eps")]
    [InlineData("\"rms_norm_eps\": 1e999", "rms_norm_eps")]
    [InlineData("\"rope_theta\": 0", "rope_theta")]
    [InlineData("\"rope_theta\": \"10000\"", "rope_theta")]
    [InlineData("\"max_position_embeddings\": 0", "max_position_embeddings")]
    [InlineData("\"attention_bias\": 1", "attention_bias")]
    [InlineData("\"hidden_act\": \"gelu\"", "hidden_act")]
    [InlineData("\"hidden_act\": \"\\ud800\"", "hidden_act")]
    [InlineData("\"model_type\": \"bert\"", "model_type")]
    [InlineData("\"model_type\": 7", "model_type")]
    [InlineData("\"architectures\": [\"LlamaForSequenceClassification\"]", "architectures")]
    [InlineData("\"architectures\": [\"\\ud800\"]", "architectures")]
    [InlineData("\"quantization_config\": {\"quant_method\": \"gptq\"}", "quantization_config")]
    [InlineData("\"sliding_window\": 4096", "sliding_window")]
    [InlineData("\"layer_types\": [\"full_attention\", \"sliding_attention\"]", "layer_types")]
    [InlineData("\"partial_rotary_factor\": 0.5", "partial_rotary_factor")]
    [InlineData("\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}", "rope_scaling.type")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 2}", "rope_scaling.rope_type")]
    [InlineData("\"rope_scaling\": {\"factor\": 2}", "rope_scaling.rope_type")]
    [InlineData("\"rope_scaling\": {\"type\": \"linear\"}", "rope_scaling.factor")]
    [InlineData("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 0}", "rope_scaling.factor")]
    [InlineData("\"rope_scaling\": \"linear\"", "rope_scaling")]
    [InlineData("\"rope_parameters\": {\"rope_type\": \"llama3\", \"factor\": 8}", "rope_parameters.low_freq_factor")]
    [InlineData("\"rope_parameters\": {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, \"high_freq_factor\": 4}", "rope_parameters.high_freq_factor")]
    [InlineData("\"rope_parameters\": {\"rope_theta\": -1}", "rope_parameters.rope_theta")]
    [InlineData("\"rope_parameters\": {\"full_attention\": {\"rope_theta\": 10000}}", "rope_parameters.rope_type")]
    [InlineData("\"eos_token_id\": 100", "eos_token_id")]
    [InlineData("\"eos_token_id\": [1, -2]", "eos_token_id[1]")]
    [InlineData("\"bos_token_id\": \"1\"", "bos_token_id")]
    [InlineData("\"pad_token_id\": -2", "pad_token_id")]
    public void A_field_that_is_wrong_or_unsupported_is_named(string replacement, string field)
    {
        string kept = string.Join(", ", Minimal.Split(", ").Where(item => !replacement.Contains($"{item.Trim().Split(':')[0]}:", StringComparison.Ordinal)));

        var error = Assert.Throws<ModelFormatException>(() => Load($$"""{ {{kept}}, {{replacement}} }"""));

        Assert.Equal(field, error.Field);
        Assert.EndsWith("config.json", error.File, StringComparison.Ordinal);
    }

    [Fact]
    public void Token_ids_come_from_generation_config_first()
    {
        _folder.Write("generation_config.json", """{ "eos_token_id": [3, 4], "bos_token_id": null, "do_sample": false, "top_k": 20, "repetition_penalty": 1.1 }""");
        var config = Load($$"""{ {{Minimal}}, "eos_token_id": 2, "bos_token_id": 1, "pad_token_id": -1 }""");

        Assert.Equal<int>([3, 4], config.EosTokenIds);
        Assert.Equal<int>([1], config.BosTokenIds);
        Assert.Null(config.PadTokenId);
        Assert.Equal(new GenerationDefaults { TopK = 20, RepetitionPenalty = 1.1, DoSample = false }, config.Generation);
    }

    [Fact]
    public void Named_templates_and_token_objects_are_read()
    {
        _folder.Write("tokenizer_config.json", """
            { "chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}],
              "bos_token": {"__type": "AddedToken", "content": "<s>", "lstrip": false}, "eos_token": "</s>", "unk_token": null, "add_bos_token": false }
            """);
        var settings = Load($$"""{ {{Minimal}} }""").Tokenizer;

        Assert.Equal("D", settings.ChatTemplate);
        Assert.Equal("T", settings.NamedTemplates["tool_use"]);
        Assert.Equal("<s>", settings.BosToken);
        Assert.Equal("</s>", settings.EosToken);
        Assert.Null(settings.UnkToken);
        Assert.False(settings.AddBosToken);
    }

    [Fact]
    public void A_template_file_comes_first()
    {
        _folder.Write("tokenizer_config.json", """{ "chat_template": "old" }""");
        _folder.Write("chat_template.jinja", "new ü");

        Assert.Equal("new ü", Load($$"""{ {{Minimal}} }""").Tokenizer.ChatTemplate);
    }

    public void Dispose() => _folder.Dispose();

    private ModelConfig Load(string json)
    {
        _folder.Write("config.json", json);
        return ModelConfig.Load(_folder.Path);
    }
}
