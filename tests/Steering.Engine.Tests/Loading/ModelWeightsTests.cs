using Steering.Engine.Loading;
using Steering.Tests;

namespace Steering.Engine.Tests.Loading;

public sealed class ModelWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_single_file_is_found_by_tensor_name()
    {
        using var weights = ModelWeights.Open(Repository.PathTo("models", "storyworld", "model"));

        var embedding = weights.Require("model.embed_tokens.weight", 2048, 256);
        Assert.Equal(ElementType.BFloat16, embedding.Type);
        Assert.Equal(2048 * 256 * 2, embedding.Length);
        Assert.True(weights.TryFind("model.norm.weight", out _));
        Assert.False(weights.TryFind("lm_head.weight", out _));
        Assert.InRange(weights.TotalBytes, 12_000_000, 14_000_000);
        embedding.Release();
    }

    [Theory]
    [InlineData("qwen2", 3)]
    [InlineData("gemma3-text", 4)]
    public void Shards_are_found_through_the_index(string model, int shards)
    {
        using var weights = ModelWeights.Open(Repository.PathTo("tests", "Golden", "models", model));

        Assert.Equal(shards, weights.Tensors.Values.Select(tensor => tensor.File.Path).Distinct().Count());
        Assert.Equal<long>([211, 48], weights.Require("model.embed_tokens.weight", 211, 48).Shape);
    }

    [Fact]
    public void A_wrong_shape_or_type_or_name_is_refused()
    {
        _folder.Write("model.safetensors", new SafetensorsWriter().Add("a", [1f, 2], 2).Add("i", [1L], 1).ToArray());
        using var weights = ModelWeights.Open(_folder.Path);

        Assert.Contains("[2]", Assert.Throws<ModelFormatException>(() => weights.Require("a", 3)).Message, StringComparison.Ordinal);
        Assert.Contains("I64", Assert.Throws<ModelFormatException>(() => weights.Require("i", 1)).Message, StringComparison.Ordinal);
        Assert.Equal("b", Assert.Throws<ModelFormatException>(() => weights.Require("b", 3)).Field);
    }

    [Fact]
    public void A_folder_without_weights_is_refused() =>
        Assert.Equal("weights", Assert.Throws<ModelFormatException>(() => ModelWeights.Open(_folder.Path)).Field);

    [Theory]
    [InlineData("../secret.safetensors")]
    [InlineData("sub/x.safetensors")]
    [InlineData("/etc/x.safetensors")]
    [InlineData("..\\\\x.safetensors")]
    [InlineData("c:x.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("x.bin")]
    [InlineData("a\\u0000.safetensors")]
    public void Shards_outside_the_folder_are_refused(string name)
    {
        _folder.Write("model.safetensors.index.json", $$"""{"weight_map": {"a": "{{name}}" } }""");

        var error = Assert.Throws<ModelFormatException>(() => ModelWeights.Open(_folder.Path));
        Assert.Equal("weight_map.a", error.Field);
        Assert.Contains("plain name", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map": {"b": "s.safetensors"}}""", "weight_map.b")]
    [InlineData("""{"weight_map": {"a": 3}}""", "weight_map.a")]
    [InlineData("""{"weight_map": {"a": null}}""", "weight_map.a")]
    [InlineData("""{"weight_map": {}}""", "weight_map")]
    [InlineData("""{"weight_map": []}""", "weight_map")]
    [InlineData("{}", "weight_map")]
    [InlineData("[]", "root")]
    [InlineData("""{"weight_map": {"a": "s.safetensors", "a": "s.safetensors"}}""", "root")]
    [InlineData("""{"weight_map": }""", "line 1, byte 15")]
    [InlineData("""{"weight_map": {"a": "\ud800.safetensors"}}""", "weight_map.a")]
    [InlineData("""{"weight_map": {"\ud800": "s.safetensors"}}""", "")]
    public void A_malformed_index_is_refused(string json, string field)
    {
        _folder.Write("s.safetensors", new SafetensorsWriter().Add("a", [1f, 2], 2).ToArray());
        _folder.Write("model.safetensors.index.json", json);

        Assert.StartsWith(field, Assert.Throws<ModelFormatException>(() => ModelWeights.Open(_folder.Path)).Field, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shard_that_is_not_there_is_named()
    {
        _folder.Write("model.safetensors.index.json", """{"weight_map": {"a": "gone.safetensors"}}""");

        Assert.EndsWith("gone.safetensors", Assert.Throws<ModelFormatException>(() => ModelWeights.Open(_folder.Path)).File, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
