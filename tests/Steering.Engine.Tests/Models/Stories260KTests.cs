using System.Text;
using Steering.Engine.Generation;
using Steering.Engine.Running;
using Steering.Engine.Tokenization;

namespace Steering.Tests.Models;

/// <summary>A real trained model (../shared/data/stories260k), from its SentencePiece-style tokenizer to text.</summary>
public sealed class Stories260KTests
{
    [SkippableTheory]
    [InlineData("avx512")]
    [InlineData("avx2")]
    [InlineData("portable")]
    public void Two_hundred_greedy_tokens_are_what_the_original_program_prints(string kernels)
    {
        string folder = Repository.Shared("data", "stories260k");
        LoadedModel model;
        try
        {
            model = LoadedModel.Load(folder, new LoadOptions { Kernels = kernels });
        }
        catch (PlatformNotSupportedException e)
        {
            Skip.If(true, e.Message);
            return;
        }
        using var engine = new EngineLoop(model, new EngineOptions { MaxSequences = 1 });
        var prompt = model.Tokenizer.Encode("", new EncodeOptions()).Ids;
        var generation = engine.Submit(new GenerationRequest { Id = "stories", Prompt = [.. prompt], MaxTokens = 200, Sampling = new SamplingParameters { Temperature = 0 } });
        while (engine.Step()) { }
        var text = new StringBuilder();
        var decoder = model.Tokenizer.CreateDecoder(skipSpecialTokens: true);
        while (generation.Events.TryRead(out var token))
            if (token.Finish is null) text.Append(decoder.Append(token.Token));
        text.Append(decoder.Flush());
        model.Dispose();

        string expected = File.ReadAllText(Path.Combine(folder, "greedy-200.txt"));
        Assert.Equal(expected, text.ToString());
    }
}
