using System.Runtime.CompilerServices;
using Steering.Compute;
using Steering.Engine.Running;
using SteeringEffect;

string root = Root(), shared = Path.GetFullPath(Path.Combine(root, "..", "shared"));
bool wantsStoryworld = args is [] or ["storyworld"], wantsTruthfulQa = args is [] or ["truthfulqa"];
if (!wantsStoryworld && !wantsTruthfulQa)
{
    Console.Error.WriteLine("""
        Usage: dotnet run -c Release --project benchmarks/SteeringEffect -- [storyworld | truthfulqa]

          What vectors from answers do to answers: GrAInS, the mean difference of the same answers, and no steering. Without an argument
          both parts run (about 12 minutes on two cores; TruthfulQA needs ../shared/data) and docs/effect.md is written; with one, a part is printed.
        """);
    return 2;
}
var text = new StringWriter();
var report = new EffectReport(text, Console.Error);
if (wantsStoryworld)
{
    const int Context = 256;
    string folder = Path.Combine(root, "models", "storyworld");
    using var model = LoadedModel.Load(Path.Combine(folder, "model"), new LoadOptions());
    using var lab = new SteeringLab(model, Context);
    text.WriteLine("## Storyworld\n");
    foreach (var task in new EffectData(folder, model.Tokenizer).Tasks()) report.Run(task, lab, Context, [[2], [4], [5], [6], [2, 3, 4, 5, 6]], [0.1, 0.2, 0.4, 0.6]);
}
if (wantsTruthfulQa)
{
    const int Context = 512;
    string path = Path.Combine(shared, "data", "smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"), data = Path.Combine(shared, "data", "datasets", "TruthfulQA.csv");
    if (!File.Exists(path) || !File.Exists(data))
    {
        Console.Error.WriteLine($"TruthfulQA needs {path} and {data}.");
        return 1;
    }
    using var model = LoadedModel.Load(path, new LoadOptions { Numerics = Numerics.Fast });
    using var lab = new SteeringLab(model, Context);
    text.WriteLine("## SmolLM2-135M-Instruct\n");
    report.Run(EffectData.TruthfulQa(data, model.Tokenizer, examples: 40, questions: 160), lab, Context, [[10], [18], [26], [.. Enumerable.Range(8, 15)]], [0.05, 0.1, 0.2, 0.4]);
}
Console.Write(text);
if (args.Length == 0) File.WriteAllText(Path.Combine(root, "docs", "effect.md"), $"""
    # What vectors from answers do

    Written by `dotnet run -c Release --project benchmarks/SteeringEffect`. Vectors are made from pairs of a wanted and an unwanted answer by GrAInS (twenty Gauss-Legendre points from a zero baseline, top 5 tokens on Storyworld and 10 on TruthfulQA)
    and as the mean difference of the same texts' states (of the last tokens, or over the answers' tokens), and used alike, beside a random direction: at one block's output or several blocks' at once, in multiples of its residual norm, at every position, each token's norm restored. On Storyworld answers (at temperature 0.8) are judged by exact
    judges, or their likelihoods compared; no question or task of the tests is in the examples. The settings of a method are chosen on every other question and reported on the rest: the upper tables, with 95% bootstrap intervals over
    questions. A setting whose answers are less than 0.7 times as coherent as unsteered ones, or whose preferred answers' tokens are less than 0.7 times as probable, is not chosen.
    For comparison: truthfulness on Storyworld is 0.79 where the question says to be wise, and 0.90 with the shipped vector `honest`, made from texts that say so (models/storyworld/README.md).

    {text}
    """);
return 0;

static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
