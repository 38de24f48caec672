using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Loading.Gguf;
using Steering.Engine.Vectors;
using Steering.Tests;
using static Steering.Engine.Tests.Vectors.TestVectors;

namespace Steering.Engine.Tests.Vectors;

public sealed class VectorExporterTests
{
    private static readonly SteeringVector Directions = Vector(Tensor("resid_post.1", "", 1, 2, 3), Tensor("resid_post.2", "", -0f, 1e-30f, 5));

    private static readonly SteeringVector Mixed = Vector(Tensor("embed", "", 1, 2, 3), Tensor("norm_attn.1", "b1", 1, 0, 0), Tensor("norm_attn.1", "b2", 0, 1, 0),
        new SteeringTensor(new Site(SitePoint.MlpOut, 1), "u", 2, 3, [1, 2, 3, 4, 5, 6]), Tensor("resid_post.12", "", 7, 8, 9),
        Tensor("resid_post.13", "b", 1, 2), new SteeringTensor(new Site(SitePoint.ResidPost, 13), "r", 2, 3, [1, 2, 3, 4, 5, 6]), new SteeringTensor(new Site(SitePoint.ResidPost, 13), "w", 2, 3, [6, 5, 4, 3, 2, 1]));

    [Theory]
    [InlineData(VectorFormat.Safetensors)]
    [InlineData(VectorFormat.Gguf)]
    [InlineData(VectorFormat.Npz)]
    public void Directions_come_back_from_every_format(VectorFormat format) => AssertEqualTensors(Directions, Import(VectorExporter.Write(Directions, format), format));

    [Theory]
    [InlineData(VectorFormat.Safetensors)]
    [InlineData(VectorFormat.Npz)]
    public void Planes_subspaces_and_maps_come_back_from_formats_with_names(VectorFormat format) => AssertEqualTensors(Mixed, Import(VectorExporter.Write(Mixed, format), format));

    [Fact]
    public void An_npy_file_holds_one_tensor()
    {
        var single = Vector(Tensor("resid_post.4", "", 1, 2, 3));

        var import = VectorImporter.Read(VectorExporter.Write(single, VectorFormat.Npy), new ImportOptions { FileName = "exported", Sites = [new Site(SitePoint.ResidPost, 4)] });

        AssertEqualTensors(single, import.Vector);
        Assert.Contains("npy holds one tensor; the vector has 2", Assert.Throws<ModelFormatException>(() => VectorExporter.Write(Directions, VectorFormat.Npy)).Message, StringComparison.Ordinal);
        Assert.Contains("torch is read, not written", Assert.Throws<ModelFormatException>(() => VectorExporter.Write(single, VectorFormat.Torch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_control_vector_says_what_it_is_for()
    {
        var vector = Directions with { Metadata = Directions.Metadata.Add("model", "storyworld") };

        using var file = GgufFile.Parse(VectorExporter.Write(vector, VectorFormat.Gguf), "exported");

        Assert.Equal(("controlvector", "storyworld", 2u), (file.Value("general.architecture"), file.Value("controlvector.model_hint"), file.Value("controlvector.layer_count")));
        Assert.Equal(["direction.1", "direction.2"], file.Tensors.Keys);
    }

    [SkippableFact]
    public void A_control_vector_has_the_content_that_repeng_writes()
    {
        byte[] golden = File.ReadAllBytes(Repository.Shared("golden", "methods", "repeng", "pca_diff.gguf"));
        var vector = VectorImporter.Read(golden, new ImportOptions { FileName = "golden" }).Vector;

        byte[] bytes = VectorExporter.Write(vector, VectorFormat.Gguf);

        using GgufFile theirs = GgufFile.Parse(golden, "golden"), ours = GgufFile.Parse(bytes, "exported");
        Assert.Equal(golden.Length, bytes.Length);
        Assert.Equal(theirs.Metadata.Keys.Select(key => (key, theirs.Value(key))), ours.Metadata.Keys.Select(key => (key, ours.Value(key))));
        Assert.Equal(theirs.Tensors.Keys.Order(), ours.Tensors.Keys);
        Assert.All(theirs.Tensors.Keys, name => Assert.Equal(theirs.ReadFloats(name), ours.ReadFloats(name)));
    }

    [Fact]
    public void What_a_control_vector_cannot_hold_is_refused_by_name()
    {
        Refused("resid_post.0", "llama.cpp has no control vector for block 0", Vector(Tensor("resid_post.0", "", 1)));
        Refused("embed", "directions at block outputs", Vector(Tensor("embed", "", 1)));
        Refused("resid_pre.3", "directions at block outputs", Vector(Tensor("resid_pre.3", "", 1)));
        Refused("resid_post.3.b1", "neither planes nor subspaces", Vector(Tensor("resid_post.3", "b1", 1), Tensor("resid_post.3", "b2", 1)));
        Refused("unit", "strengths of this vector count rms", Directions with { Unit = StrengthUnit.Rms });
        Assert.NotEmpty(VectorExporter.Write(Directions with { Unit = StrengthUnit.Raw }, VectorFormat.Gguf));
    }

    private static void Refused(string field, string message, SteeringVector vector)
    {
        var error = Assert.Throws<ModelFormatException>(() => VectorExporter.Write(vector, VectorFormat.Gguf));
        Assert.Equal(field, error.Field);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.EndsWith("export it as safetensors", error.Message, StringComparison.Ordinal);
    }

    private static SteeringVector Import(byte[] bytes, VectorFormat format) => VectorImporter.Read(bytes, new ImportOptions { FileName = "exported", Format = format }).Vector;

    private static void AssertEqualTensors(SteeringVector expected, SteeringVector actual)
    {
        Assert.Equal(expected.Tensors.Select(tensor => (tensor.FileName, tensor.Rows, tensor.Columns)), actual.Tensors.Select(tensor => (tensor.FileName, tensor.Rows, tensor.Columns)));
        Assert.Equal(expected.Tensors.SelectMany(tensor => tensor.Values).Select(BitConverter.SingleToInt32Bits), actual.Tensors.SelectMany(tensor => tensor.Values).Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(expected.Sha256, actual.Sha256);
    }
}
