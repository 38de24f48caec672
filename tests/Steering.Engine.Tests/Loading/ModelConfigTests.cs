using Steering.Compute;
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
            ModelType = "llama", VocabularySize = 2048, HiddenSize = 256, IntermediateSize = 704, BlockShapes = [.. Enumerable.Repeat(new BlockShape(), 8)], Heads = 8, KeyValueHeads = 4, HeadDimension = 32, MaxPositions = 512,
            NormEps = 1e-5, RopeTheta = 10000, RotaryDimension = 32, AttentionScale = 1 / Math.Sqrt(32), RopeScaling = RopeScaling.None.Instance, AttentionBias = false, AttentionOutputBias = false, MlpBias = false, TieWordEmbeddings = true, Activation = Activation.Silu,
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
    [MemberData(nameof(GoldenModels))]
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

        Assert.True(shape is { KeyValueHeads: 4, HeadDimension: 8, MaxPositions: 2048, NormEps: 1e-6, RopeTheta: 10000, TieWordEmbeddings: false, AttentionBias: false });
    }

    public static TheoryData<string> GoldenModels() => [.. Directory.GetDirectories(Repository.PathTo("tests", "Golden", "models")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Fact]
    public void Published_forms_of_other_families_mean_what_transformers_makes_of_them()
    {
        // Defaults and nulls: an absent sliding_window is the family's, null is none; windows of the upper blocks only where they are switched on.
        Assert.All(Of("mistral", "").BlockShapes, block => Assert.Equal(4096, block.Window));
        Assert.All(Of("mistral", "\"sliding_window\": null").BlockShapes, block => Assert.Equal(0, block.Window));
        Assert.All(Of("qwen2", "\"sliding_window\": 8, \"max_window_layers\": 1").BlockShapes, block => Assert.Equal(0, block.Window));
        Assert.Equal([0, 8], Of("qwen2", "\"sliding_window\": 8, \"max_window_layers\": 1, \"use_sliding_window\": true").BlockShapes.Select(block => block.Window));
        Assert.Equal([4096, 0], Of("gemma2", "").BlockShapes.Select(block => block.Window));
        Assert.Equal([BlockRotation.Local, BlockRotation.Main], Of("gemma3_text", "\"sliding_window_pattern\": 2").BlockShapes.Select(block => block.Rotation));
        Assert.Equal([BlockRotation.Main, BlockRotation.None], Of("smollm3", "\"no_rope_layer_interval\": 2").BlockShapes.Select(block => block.Rotation));

        Assert.True(Of("gemma2", "") is { AttentionSoftCap: 50, LogitSoftCap: 30, HeadDimension: 256, AttentionScale: 1 / 16.0, TieWordEmbeddings: true });
        Assert.True(Of("gemma2", "\"attn_logit_softcapping\": null") is { AttentionSoftCap: null, LogitSoftCap: 30 });
        Assert.True(Of("gpt_neox", "") is { RotaryDimension: 2, ParallelResidual: true, AttentionBias: true, AttentionOutputBias: true, Activation: Activation.Gelu });
        Assert.True(Of("phi3", "\"partial_rotary_factor\": 0.75") is { RotaryDimension: 6, RopeScaling: RopeScaling.None });
        Assert.True(Of("qwen2", "") is { AttentionBias: true, AttentionOutputBias: false });
        var experts = Of("qwen3_moe", "\"num_experts\": 8, \"num_experts_per_tok\": 3, \"moe_intermediate_size\": 16, \"decoder_sparse_step\": 2");
        Assert.Equal(new ExpertShape(8, 3, 16, Renormalise: false), experts.Experts);
        Assert.Equal([false, true], experts.BlockShapes.Select(block => block.HasExperts));
        var gpt2 = Load("""{ "model_type": "gpt2", "vocab_size": 100, "n_embd": 32, "n_layer": 2, "n_head": 4 }""").Shape;
        Assert.True(gpt2 is { IntermediateSize: 128, MaxPositions: 1024, LearnedPositions: true, RotaryDimension: 0, Activation: Activation.GeluTanh, TieWordEmbeddings: true });

        DecoderShape Of(string family, string fields) => Load($$"""{ {{Minimal.Replace("llama", family, StringComparison.Ordinal)}}{{(fields.Length > 0 ? ", " : "")}}{{fields}} }""").Shape;
    }

    [Theory]
    [InlineData("phi3", "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1, 1]}", "rope_scaling.short_factor")]
    [InlineData("phi3", "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1, 1, 1, 0], \"long_factor\": [1, 1, 1, 1]}", "rope_scaling.short_factor[3]")]
    [InlineData("phi3", "\"rope_scaling\": {\"type\": \"longrope\", \"long_mscale\": 1}", "rope_scaling.short_mscale|rope_scaling.long_mscale")]
    [InlineData("phi3", "\"partial_rotary_factor\": 0.4", "partial_rotary_factor")]
    [InlineData("llama", "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1]}", "rope_scaling.type")]
    [InlineData("gemma3_text", "\"rope_parameters\": {\"full_attention\": {\"rope_theta\": 1e6}, \"sliding_attention\": {\"rope_type\": \"linear\"}}", "rope_parameters.sliding_attention.rope_type")]
    [InlineData("gemma2", "\"attn_logit_softcapping\": 0", "attn_logit_softcapping")]
    [InlineData("gemma2", "\"use_bidirectional_attention\": true", "use_bidirectional_attention")]
    [InlineData("gemma2", "\"hidden_activation\": \"relu\"", "hidden_activation")]
    [InlineData("smollm3", "\"no_rope_layers\": [1]", "no_rope_layers")]
    [InlineData("smollm3", "\"no_rope_layers\": [1, 2]", "no_rope_layers[1]")]
    [InlineData("mistral", "\"layer_types\": [\"sliding_attention\", \"sliding_attention\"], \"sliding_window\": null", "layer_types")]
    [InlineData("mixtral", "\"num_local_experts\": 4", "num_experts_per_tok")]
    [InlineData("mixtral", "\"num_local_experts\": 4, \"num_experts_per_tok\": 5", "num_experts_per_tok")]
    [InlineData("qwen3_moe", "\"num_experts\": 4, \"num_experts_per_tok\": 2", "moe_intermediate_size")]
    [InlineData("qwen3_moe", "\"num_experts\": 4, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 8, \"mlp_only_layers\": [2]", "mlp_only_layers[0]")]
    [InlineData("gpt_neox", "\"rotary_pct\": 2", "rotary_pct")]
    [InlineData("qwen2", "\"sliding_window\": -1, \"use_sliding_window\": true", "sliding_window")]
    public void A_field_of_another_family_that_is_wrong_is_named(string family, string fields, string field)
    {
        var error = Assert.Throws<ModelFormatException>(() => Load($$"""{ {{Minimal.Replace("llama", family, StringComparison.Ordinal)}}, {{fields}} }"""));

        Assert.Contains(error.Field, field.Split('|'));
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("gemma3")]
    [InlineData("Llama")]
    public void Families_that_are_not_known_are_refused_by_name(string family)
    {
        var error = Assert.Throws<ModelFormatException>(() => Load($$"""{ "model_type": "{{family}}" }"""));

        Assert.Equal("model_type", error.Field);
        Assert.Contains($"\"{family}\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("llama, mistral, mixtral, qwen2, qwen3, qwen3_moe, gemma2, gemma3_text, phi3, gpt2, gpt_neox, olmo2, smollm3", error.Message, StringComparison.Ordinal);
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
    [InlineData("\"hidden_act\": \"relu2\"", "hidden_act")]
    [InlineData("\"hidden_act\": \"\\ud800\"", "hidden_act")]
    [InlineData("\"model_type\": \"bert\"", "model_type")]
    [InlineData("\"model_type\": 7", "model_type")]
    [InlineData("\"architectures\": [\"LlamaForSequenceClassification\"]", "architectures")]
    [InlineData("\"architectures\": [\"\\ud800\"]", "architectures")]
    [InlineData("\"quantization_config\": {\"quant_method\": \"gptq\"}", "quantization_config")]
    [InlineData("\"sliding_window\": 4096", "sliding_window")]
    [InlineData("\"layer_types\": [\"full_attention\", \"sliding_attention\"]", "layer_types")]
    [InlineData("\"layer_types\": [\"full_attention\"]", "layer_types")]
    [InlineData("\"layer_types\": [\"full_attention\", \"linear_attention\"]", "layer_types")]
    [InlineData("\"layer_types\": \"full_attention\"", "layer_types")]
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
