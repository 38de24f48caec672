using Steering.Engine.Loading;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading;

public sealed class RealModelTests
{
    [SkippableFact]
    public void A_converted_checkpoint_has_every_tensor_of_its_shape()
    {
        string folder = Repository.Shared("data", "stories260k");
        var shape = ModelConfig.Load(folder).Shape;
        using var weights = ModelWeights.Open(folder);

        Assert.True(shape is { HiddenSize: 64, Blocks: 5, Heads: 8, KeyValueHeads: 4, VocabularySize: 512, TieWordEmbeddings: true });
        RequireLlama(shape, weights);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("llama-3.1-rope")]
    [InlineData("llama-linear-rope-bias")]
    [InlineData("llama-wide-heads")]
    public void Golden_models_have_every_tensor_of_their_shape(string model)
    {
        string folder = Repository.PathTo("tests", "Golden", "models", model);
        using var weights = ModelWeights.Open(folder);

        RequireLlama(ModelConfig.Load(folder).Shape, weights);
    }

    [Fact]
    public void Golden_tensors_are_read_with_their_shapes()
    {
        using var golden = SafetensorsFile.Open(Repository.PathTo("tests", "Golden", "models", "llama", "golden.safetensors"));

        Assert.Equal(23, golden.ReadInt64s("input_ids").Length);
        Assert.Equal([23, 211], golden.Require("logits").Shape.AsEnumerable());
        Assert.Equal(23 * 211, golden.ReadFloats("logits").Length);
        Assert.Contains("resid_post.3", golden.Tensors.Keys);
        Assert.InRange(int.Parse(golden.Metadata["steer.layer"], System.Globalization.CultureInfo.InvariantCulture), 0, 3);
    }

    private static void RequireLlama(DecoderShape shape, ModelWeights weights)
    {
        int hidden = shape.HiddenSize, seen = 2;
        weights.Require("model.embed_tokens.weight", shape.VocabularySize, hidden);
        weights.Require("model.norm.weight", hidden);
        if (!shape.TieWordEmbeddings) weights.Require("lm_head.weight", shape.VocabularySize, hidden);
        if (!shape.TieWordEmbeddings) seen++;
        for (int block = 0; block < shape.Blocks; block++)
        {
            string prefix = $"model.layers.{block}.";
            weights.Require(prefix + "input_layernorm.weight", hidden);
            weights.Require(prefix + "post_attention_layernorm.weight", hidden);
            seen += 2;
            Linear("self_attn.q_proj", shape.QueryWidth, hidden, shape.AttentionBias);
            Linear("self_attn.k_proj", shape.KeyValueWidth, hidden, shape.AttentionBias);
            Linear("self_attn.v_proj", shape.KeyValueWidth, hidden, shape.AttentionBias);
            Linear("self_attn.o_proj", hidden, shape.QueryWidth, shape.AttentionOutputBias);
            Linear("mlp.gate_proj", shape.IntermediateSize, hidden, shape.MlpBias);
            Linear("mlp.up_proj", shape.IntermediateSize, hidden, shape.MlpBias);
            Linear("mlp.down_proj", hidden, shape.IntermediateSize, shape.MlpBias);

            void Linear(string name, int outputs, int inputs, bool bias)
            {
                weights.Require($"{prefix}{name}.weight", outputs, inputs);
                if (bias) weights.Require($"{prefix}{name}.bias", outputs);
                seen += bias ? 2 : 1;
            }
        }
        Assert.Equal(seen, weights.Tensors.Count);
    }
}
