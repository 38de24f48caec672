using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors;

/// <summary>
/// What "layer k" means in files of one origin: the most common source of silent errors in steering. Blocks count from 0, <c>resid_post.k</c> is the output of block k,
/// and <c>hidden_states</c> are those of transformers: 0 is the embedding's output, i the output of block i - 1, the last one the output of the final norm.
/// </summary>
/// <param name="Name">What requests and reports call it.</param>
/// <param name="MeasuredAt">Where a vector of index k was measured.</param>
/// <param name="PutAt">Where it is put here.</param>
/// <param name="Source">Whose convention it is.</param>
public sealed record VectorConvention(string Name, string MeasuredAt, string PutAt, string Source)
{
    /// <summary>How an index becomes a place; null where names, or the sender, say it.</summary>
    internal Func<BlockIndex, (Site Site, string? Note)>? Place { get; private init; }

    /// <summary>True where the rows of one array [rows, width] have indices; otherwise only names do.</summary>
    internal bool HasRows { get; private init; }

    /// <summary>All of them.</summary>
    public static ImmutableArray<VectorConvention> All { get; } =
    [
        new("steering", "the site in the tensor's name", "there", "this project: resid_post.4, norm_attn.9.b1; also l4.resid_post.v"),
        new("sites", "not known", "the sites that came with the file, one per row", "the sender"),
        new("llama.cpp", "resid_post.k by repeng, resid_post.(k-1) by llama.cpp's cvector-generator", "resid_post.k",
            "GGUF control vectors as llama.cpp applies them") { Place = LlamaCpp },
        new("repeng", "resid_post.k; the last block after the final norm", "resid_post.k", "vgel/repeng: extracts hidden_states[k+1], adds at the output of block k") { Place = Repeng },
        new("cvector-generator", "resid_post.(k-1)", "resid_post.(k-1)", "llama.cpp's cvector-generator, put where it was measured; llama.cpp itself adds it one block later") { Place = CvectorGenerator },
        new("blocks", "resid_post.k", "resid_post.k", "CAA, AxBench, steering-vectors and most others: one direction per block") { Place = Blocks, HasRows = true },
        new("hidden_states", "0: embed, k: resid_post.(k-1), the last: final_norm", "there", "transformers' output_hidden_states") { Place = HiddenStates, HasRows = true },
        new("caa", "resid_post.k", "resid_post.k, k from the file's name vec_layer_k_… or from the sites", "nrimsky/CAA: one tensor per file"),
        new("refusal_direction", "resid_pre.layer", "the sites that came with the file", "andyrdt/refusal_direction: one tensor per file, its layer in direction_metadata.json"),
        new("cast", "resid_post.k", "resid_post.k", "IBM/activation-steering, which adds it at resid_pre.k, one block before it was measured") { Place = Cast },
        new("modules", "the output of the module in the name", "there", "model.layers.4 is resid_post.4, model.layers.4.input_layernorm norm_attn.4, blocks.4.hook_resid_pre resid_pre.4"),
        new("selective", "the output of norms (norm_attn, norm_mlp)", "there; a plane at the modules of its mask", "knoveleng/steering: plane.pt, directions.pt"),
    ];

    /// <summary>The convention of a name.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    internal static VectorConvention Named(string name, string file) =>
        All.FirstOrDefault(convention => convention.Name == name)
            ?? throw new ModelFormatException(file, "convention", $"found \"{name}\"; expected one of {string.Join(", ", All.Select(convention => convention.Name))}");

    private static (Site, string?) LlamaCpp(BlockIndex k) => (Post(k.Index), $"as llama.cpp applies it; llama.cpp's cvector-generator measures it one block earlier, at {Before(k)}");

    private static (Site, string?) Repeng(BlockIndex k) => (Post(k.Index), k.IsLastBlock ? $"repeng measures a model's last block after the final norm; it is added before it, at {Post(k.Index)}" : null);

    private static (Site, string?) CvectorGenerator(BlockIndex k) => k.Index > 0 ? (Post(k.Index - 1), $"measured at {Post(k.Index - 1)}; llama.cpp adds it one block later, at {Post(k.Index)}")
        : throw new ModelFormatException(k.File, k.Source, "cvector-generator counts from 1: direction.1 is the output of block 0");

    private static (Site, string?) Blocks(BlockIndex k) => (Post(k.Index), k.IsLastBlock ? "if a model's last block was taken from hidden_states, it was measured after the final norm" : null);

    private static (Site, string?) HiddenStates(BlockIndex k) =>
        k.IsLastState ? (new Site(SitePoint.FinalNorm, -1), "the last hidden state is measured after the final norm") : (Post(k.Index - 1), $"hidden state {k.Index} is {Before(k)}");

    private static (Site, string?) Cast(BlockIndex k) =>
        (Post(k.Index), $"measured {(k.IsLastBlock ? "after the final norm" : $"at {Post(k.Index)}")}; activation-steering adds it at resid_pre.{k.Index}, one block earlier");

    // The output of block -1 is what the embedding gives.
    private static Site Post(int block) => block < 0 ? new Site(SitePoint.Embed, -1) : new Site(SitePoint.ResidPost, block);

    private static Site Before(BlockIndex k) => Post(k.Index - 1);
}

/// <summary>An index k of a file.</summary>
/// <param name="Source">What has it, for messages: <c>direction.3</c>.</param>
/// <param name="IsLastBlock">It is the model's last block, or may be: the file's last where the model is not known.</param>
/// <param name="IsLastState">It is the last of the model's hidden states, counted from the embedding.</param>
internal readonly record struct BlockIndex(string File, string Source, int Index, bool IsLastBlock, bool IsLastState);
