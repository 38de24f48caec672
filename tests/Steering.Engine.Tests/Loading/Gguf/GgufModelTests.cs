using System.Globalization;
using System.Text.Json;
using Steering.Compute;
using Steering.Engine.Loading;
using Steering.Engine.Loading.Gguf;
using Steering.Engine.Running;
using Steering.Engine.Tokenization;
using Steering.Tests.Models;

namespace Steering.Tests.Loading.Gguf;

/// <summary>llama.cpp's files against the original libraries: logits of the dequantised weights within 1e-4, tokens identical.</summary>
public sealed class GgufModelTests
{
    [SkippableTheory]
    [InlineData("llama-f16", DType.F16)]
    [InlineData("llama-q4_0", DType.Int4)]
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
    public void The_tokenizer_of_a_real_file_gives_the_tokens_of_the_original_for_every_text_there_is()
    {
        using var source = ModelSource.Open(Path.Combine(Repository.Shared("data", "smollm2"), "SmolLM2-135M-Instruct.Q4_1.gguf"));
        var (ours, original) = (source.ReadTokenizer(), Tokenizer.Load(Path.Combine(Repository.Shared("golden", "smollm2"), "tokenizer.json")));
        int compared = 0;
        foreach (string file in Directory.GetFiles(Repository.Shared("golden", "tokenizers"), "cases.jsonl", SearchOption.AllDirectories))
        {
            foreach (string line in File.ReadLines(file))
            {
                using var json = JsonDocument.Parse(line);
                string text = json.RootElement.GetProperty("text").GetString()!;
                var (expected, actual) = (original.Encode(text, EncodeOptions.Default), ours.Encode(text, EncodeOptions.Default));
                Assert.Equal(expected.Ids, actual.Ids);
                Assert.Equal(original.Decode(expected.Ids, skipSpecialTokens: true), ours.Decode(actual.Ids, skipSpecialTokens: true));
                compared++;
            }
        }
        Assert.InRange(compared, 5000, int.MaxValue);
    }

    [SkippableTheory]
    [InlineData("llama-bpe", "llama3")]
    [InlineData("qwen2", "qwen2")]
    [InlineData("deepseek-v3", "deepseek3")]
    [InlineData("falcon", "falcon")]
    [InlineData("gpt-4o", "o200k")]
    [InlineData("gpt-2", "gpt2")]
    public void Text_is_cut_into_words_as_by_the_original_that_a_name_stands_for(string name, string original)
    {
        string folder = Repository.Shared("golden", "tokenizers", original), own = Path.Combine(folder, "tokenizer.json");
        using var meta = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "meta.json")));
        using var theirs = JsonDocument.Parse(File.ReadAllBytes(File.Exists(own) ? own : Path.GetFullPath(Path.Combine(folder, "..", meta.RootElement.GetProperty("tokenizer").GetString()!))));
        using var ours = JsonDocument.Parse(GgufPreTokenizer.Named(name)!.PreTokenizer);

        Assert.Equal(Parts(theirs.RootElement.GetProperty("pre_tokenizer")), Parts(ours.RootElement));

        // Kinds and expressions; what concerns offsets and the start of a text is not llama.cpp's.
        static IEnumerable<string> Parts(JsonElement part) => part.TryGetProperty("pretokenizers", out var parts) ? parts.EnumerateArray().SelectMany(Parts)
            : [$"{part.GetProperty("type")} {(part.TryGetProperty("pattern", out var pattern) ? pattern.GetProperty("Regex").GetString() : "")} {(part.TryGetProperty("use_regex", out var regex) ? regex : default)} {(part.TryGetProperty("individual_digits", out var digits) ? digits : default)}"];
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
