using System.Globalization;
using System.Text.Json;
using Steering.Compute;
using Steering.Engine.Loading;
using Steering.Engine.Running;
using Steering.Engine.Tokenization;
using Steering.Tests.Models;

namespace Steering.Tests.Loading.Gguf;

/// <summary>llama.cpp's files against the original libraries: logits of the dequantised weights within 1e-4, tokens identical.</summary>
public sealed class GgufModelTests
{
    [SkippableTheory]
    [InlineData("llama-f16", DType.F16)]
    [InlineData("llama-q4_0", DType.Int8)]
    [InlineData("llama-q4_k", DType.Int8)]
    [InlineData("llama-q5_1", DType.Int8)]
    [InlineData("llama-q8_0", DType.Int8)]
    [InlineData("qwen2-bf16", DType.Bf16)]
    [InlineData("qwen2-q8_0", DType.Int8)]
    public void Logits_agree_and_blocks_stay_quantised(string name, DType type)
    {
        string folder = Repository.Shared("golden", "gguf");
        using var golden = new GoldenModel(
            LoadedModel.Load(Path.Combine(folder, $"{name}.gguf"), new LoadOptions()), SafetensorsFile.Open(Path.Combine(folder, $"{name}.golden.safetensors")));

        GoldenModel.AssertClose("logits", golden.Numbers("logits"), golden.Logits(golden.Ids()));
        Assert.Equal((name, type), (golden.Model.Name, golden.Model.WeightType));
        Assert.Equal(golden.Sites.Count, golden.Sites.All.Length);
    }

    [SkippableTheory]
    [InlineData("llama-q8_0", "stories260k")]
    [InlineData("qwen2-bf16", "stories260k")]
    [InlineData("qwen2-q8_0", "storyworld")]
    public void The_vocabulary_inside_gives_the_tokens_of_its_tokenizer_json(string name, string original)
    {
        using var source = ModelSource.Open(Path.Combine(Repository.Shared("golden", "gguf"), $"{name}.gguf"));
        var tokenizer = source.ReadTokenizer();
        string folder = Repository.Shared("golden", "tokenizers", original);
        int compared = 0;
        foreach (string line in File.ReadLines(Path.Combine(folder, "cases.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            string text = json.RootElement.GetProperty("text").GetString()!;
            int[] expected = Ints(json.RootElement.GetProperty("ids"));
            Assert.Equal(expected, tokenizer.Encode(text, new EncodeOptions { AddSpecialTokens = true }).Ids);
            Assert.Equal(json.RootElement.GetProperty("decoded").GetString(), tokenizer.Decode(expected, skipSpecialTokens: false));
            compared++;
        }
        Assert.InRange(compared, 200, int.MaxValue);
    }

    [SkippableFact]
    public void The_chat_template_and_special_tokens_are_read()
    {
        using var source = ModelSource.Open(Path.Combine(Repository.Shared("golden", "gguf"), "qwen2-q8_0.gguf"));

        Assert.StartsWith("{{ bos_token }}", source.Config.Tokenizer.ChatTemplate, StringComparison.Ordinal);
        Assert.NotNull(source.ReadTemplate());
        Assert.Equal(("<|begin|>", "<|end|>", "<|pad|>"), (source.Config.Tokenizer.BosToken, source.Config.Tokenizer.EosToken, source.Config.Tokenizer.PadToken));
        Assert.Equal<int>([1], source.Config.EosTokenIds);
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetInt32())];
}
