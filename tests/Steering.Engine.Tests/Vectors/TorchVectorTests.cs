using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;
using Steering.Tests;

namespace Steering.Engine.Tests.Vectors;

/// <summary>Vectors that other projects published as files of torch.save.</summary>
public sealed class TorchVectorTests
{
    [SkippableTheory]
    [InlineData("Llama-3.2-1B-Instruct", 16, 2048, 32, "norm_attn.4 norm_mlp.4 norm_attn.8 norm_mlp.8", 36, 0.0027770996f, 0.020751953f)]
    [InlineData("gemma-2-2b-it", 26, 2304, 104, "norm_attn.9 attn_out.9 norm_mlp.9 mlp_out.9 norm_attn.11", 80, 0.041748047f, -0.012634277f)]
    public void A_selective_plane_stands_at_the_modules_of_its_mask(string model, int blocks, int width, int modules, string first, int tensors, float b1, float b2)
    {
        var import = Read(Repository.Shared("data", "vectors", "selective-steering", model, "plane.pt"), blocks);

        Assert.Equal(("torch", "selective"), (import.Report.Format, import.Report.Convention));
        Assert.Equal(first.Split(' '), import.Vector.Tensors.Where(tensor => tensor.Role == "b1").Select(tensor => tensor.Site.ToString()).Take(first.Split(' ').Length));
        Assert.Equal(tensors, import.Vector.Tensors.Length);
        Assert.All(import.Vector.Tensors, tensor => Assert.Equal((width, tensor.Role == "b1" ? b1 : b2), (tensor.Columns, tensor.Values[0])));
        Assert.Equal($"the mask chooses {tensors / 2} of {modules} modules; the plane was put there and nowhere else", import.Report.Warnings[0]);
        Assert.StartsWith("the basis, stored as bfloat16, is not orthonormal (|b1| = ", import.Report.Warnings[1], StringComparison.Ordinal);
        Assert.Equal("selective", import.Vector.Metadata["plane_type"]);
        Assert.True(VectorValidation.Check(import.Vector, new SiteTable(blocks, width, width, 4 * width)).IsValid);
    }

    [SkippableTheory]
    [InlineData("Llama-3.2-1B-Instruct", 31, "norm_mlp.0", "norm_attn.1")]
    [InlineData("gemma-2-2b-it", 103, "attn_out.0", "norm_mlp.0")]
    public void Selective_candidates_are_directions_at_every_module(string model, int count, string first, string second)
    {
        var import = Read(Repository.Shared("data", "vectors", "selective-steering", model, "directions.pt"));

        Assert.Equal("selective", import.Report.Convention);
        Assert.Equal(count, import.Vector.Tensors.Length);
        Assert.Equal([first, second], import.Vector.Tensors.Take(2).Select(tensor => tensor.FileName));
        Assert.Equal(["selected_direction is one of the candidates and was not read a second time", "model.layers.0.input_layernorm: all zeros, and left out"], import.Report.Warnings.AsEnumerable());
        Assert.StartsWith("model.layers.", import.Vector.Metadata["selected_layer"], StringComparison.Ordinal);
        Assert.Equal(import.Vector.Tensors.Select(tensor => tensor.FileName), import.Report.Translations.Select(translation => translation.Target));
    }

    [SkippableFact]
    public void A_refusal_direction_is_put_where_the_sender_says()
    {
        string path = Repository.Shared("data", "vectors", "refusal-direction", "gemma-2b-it", "direction.pt");

        var import = Read(path, 18, "refusal_direction", new Site(SitePoint.ResidPre, 10));

        var tensor = Assert.Single(import.Vector.Tensors);
        Assert.Equal(("resid_pre.10", 2048), (tensor.FileName, tensor.Columns));
        Assert.Equal([(float)0.09754041435304753, (float)0.0394956821410124, (float)0.0905295712809917], tensor.Values[..3].AsEnumerable());
        Assert.Equal("refusal_direction", import.Report.Convention);
        Assert.Contains("direction_metadata.json", Assert.Throws<ModelFormatException>(() => Read(path, 18, "refusal_direction")).Message, StringComparison.Ordinal);
        Assert.Equal("sites", Assert.Throws<ModelFormatException>(() => Read(path, 18)).Field);
    }

    [Fact]
    public void What_is_no_vector_is_refused_by_its_first_name_that_says_nothing()
    {
        var error = Assert.Throws<ModelFormatException>(() => Read(Repository.PathTo("tests", "Steering.Engine.Tests", "Vectors", "Files", "torch.pt")));

        Assert.Contains("does not say where it belongs", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("torch-legacy.pt")]
    [InlineData("objects.npy")]
    public void What_a_container_refuses_the_importer_refuses(string name) =>
        Assert.Throws<ModelFormatException>(() => Read(Repository.PathTo("tests", "Steering.Engine.Tests", "Vectors", "Files", name)));

    private static VectorImport Read(string path, int? blocks = null, string? convention = null, params ImmutableArray<Site> sites) =>
        VectorImporter.Read(File.ReadAllBytes(path), new ImportOptions { FileName = Path.GetFileName(path), Blocks = blocks, Convention = convention, Sites = sites });
}
