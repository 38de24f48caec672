using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;
using Steering.Tests;

namespace Steering.Engine.Tests.Vectors;

public sealed class VectorFileTests
{
    private static readonly string[] Names =
        [.. Directory.EnumerateFiles(Repository.PathTo("models", "storyworld", "vectors"), "*.safetensors").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    public static TheoryData<string> StoryworldVectors() => [.. Names];

    [Theory]
    [MemberData(nameof(StoryworldVectors))]
    public void Vectors_served_out_of_the_box_load(string name)
    {
        var vector = VectorFile.Read(Repository.PathTo("models", "storyworld", "vectors", $"{name}.safetensors"), name, 1);

        Assert.Equal(["resid_post.2", "resid_post.3", "resid_post.4", "resid_post.5", "resid_post.6"], vector.Tensors.Select(tensor => tensor.FileName));
        Assert.All(vector.Tensors, tensor => Assert.True(tensor is { Rows: 1, Columns: 256, Role: "" } && tensor.Values.Length == 256));
        Assert.Equal(StrengthUnit.Raw, vector.Unit);
        Assert.Equal("difference_of_means", vector.Metadata["method"]);
        Assert.Equal("storyworld", vector.Metadata["model"]);
        Assert.Matches("^[0-9a-f]{64}$", vector.Sha256);
    }

    [Fact]
    public void There_are_seventeen_of_them_and_all_differ()
    {
        var hashes = Names.Select(name => VectorFile.Read(Repository.PathTo("models", "storyworld", "vectors", $"{name}.safetensors"), name, 1).Sha256);

        Assert.Equal(17, hashes.Distinct().Count());
    }

    [Fact]
    public void Names_in_both_forms_and_every_role_are_read()
    {
        var vector = Parse(new SafetensorsWriter()
            .Add("l4.resid_post.v", [1f, 2], 2)
            .Add("resid_post.3", [3f, 4], 1, 2)
            .Add("l10.norm_attn.b1", [1f, 0], 2).Add("norm_attn.10.b2", [0f, 1], 2)
            .Add("resid_post.12.u", [1f, 0, 0, 1], 2, 2)
            .Add("resid_post.13.b", [7f], 1).Add("l13.resid_post.r", [1f, 0], 1, 2).Add("resid_post.13.w", [0f, 1], 2)
            .Add("embed", [5f, 6], 2)
            .Add("l2.attn_out", [7f], 1));

        Assert.Equal(["embed", "attn_out.2", "resid_post.3", "resid_post.4", "norm_attn.10.b1", "norm_attn.10.b2", "resid_post.12.u", "resid_post.13.b", "resid_post.13.r", "resid_post.13.w"], vector.Tensors.Select(tensor => tensor.FileName));
        Assert.Equal([(2, 2), (1, 1), (1, 2), (1, 2)], vector.Tensors[^4..].Select(tensor => (tensor.Rows, tensor.Columns)));
        Assert.Null(vector.Unit);
    }

    [Fact]
    public void Unit_norms_and_fingerprint_come_from_the_metadata()
    {
        var vector = Parse(new SafetensorsWriter().Add("resid_post.3", [3f, 4], 2)
            .AddMetadata("unit", "rms").AddMetadata("residual_norm.resid_post.3", "12.5").AddMetadata("model_fingerprint", "abc").AddMetadata("note", "x"));

        Assert.Equal(StrengthUnit.Rms, vector.Unit);
        Assert.Equal(12.5f, vector.ResidualNorms[new Site(SitePoint.ResidPost, 3)]);
        Assert.Equal("abc", vector.ModelFingerprint);
        Assert.Equal("x", vector.Metadata["note"]);
    }

    [Theory]
    [InlineData("raw", StrengthUnit.Raw)]
    [InlineData("rms", StrengthUnit.Rms)]
    [InlineData("token_norm", StrengthUnit.TokenNorm)]
    [InlineData("degrees", StrengthUnit.Degrees)]
    [InlineData("fraction", StrengthUnit.Fraction)]
    public void Every_unit_has_its_name(string name, StrengthUnit unit) => Assert.Equal(unit, Parse(new SafetensorsWriter().Add("embed", [1f], 1).AddMetadata("unit", name)).Unit);

    [Fact]
    public void The_hash_sees_content_and_nothing_else()
    {
        string hash = Parse(new SafetensorsWriter().Add("resid_post.3", [3f, 4], 2).Add("resid_post.4", [1f, 2], 2)).Sha256;
        byte[] wide = [.. new double[] { 3, 4 }.SelectMany(BitConverter.GetBytes)];

        Assert.Equal(hash, Parse(new SafetensorsWriter().Add("l4.resid_post.v", [1f, 2], 2).Add("resid_post.3", "F64", wide, 2).AddMetadata("unit", "raw").AddMetadata("method", "m")).Sha256);
        Assert.NotEqual(hash, Parse(new SafetensorsWriter().Add("resid_post.3", [3f, 4], 2).Add("resid_post.4", [1f, 3], 2)).Sha256);
        Assert.NotEqual(hash, Parse(new SafetensorsWriter().Add("resid_post.3", [3f, 4], 2).Add("resid_post.5", [1f, 2], 2)).Sha256);
        Assert.NotEqual(hash, Parse(new SafetensorsWriter().Add("resid_post.3", [3f, 4], 2).Add("resid_post.4.u", [1f, 2], 2)).Sha256);
    }

    [Fact]
    public void The_hash_is_fixed_for_good() =>
        Assert.Equal("0afabb1f9b28d1a0068631ef4c2473232cf45c0be1df4a153fde448cee8fe5a9", Parse(new SafetensorsWriter().Add("resid_post.3", [3f, 4], 2).Add("resid_post.4", [1f, 2], 2)).Sha256);

    [Fact]
    public void The_hash_sees_what_a_strength_counts()
    {
        string Hash(params (string Key, string Value)[] metadata) =>
            Parse(metadata.Aggregate(new SafetensorsWriter().Add("resid_post.3", [3f, 4], 2), (writer, item) => writer.AddMetadata(item.Key, item.Value))).Sha256;

        string[] hashes =
        [
            Hash(), Hash(("unit", "rms")), Hash(("unit", "token_norm")), Hash(("residual_norm.resid_post.3", "2")), Hash(("residual_norm.resid_post.3", "3")), Hash(("residual_norm.resid_post.4", "2")),
            Hash(("unit", "rms"), ("residual_norm.resid_post.3", "2")), Hash(("residual_norm.resid_post.3", "2"), ("residual_norm.resid_post.4", "2")),
        ];

        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(hashes[0], Hash(("unit", "raw"), ("model_fingerprint", "abc")));
        Assert.Equal(hashes[^1], Hash(("residual_norm.resid_post.4", "2.0"), ("residual_norm.resid_post.3", "2")));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var vector = Parse(new SafetensorsWriter().Add("resid_post.3.b1", [3f, 4], 2).Add("resid_post.3.b2", [1f, 2], 2).Add("embed.u", [1f, 2, 3, 4], 2, 2)
            .AddMetadata("unit", "degrees").AddMetadata("method", "m").AddMetadata("residual_norm.embed", "0.1"));

        byte[] bytes = VectorFile.Write(vector);
        var again = VectorFile.Parse(bytes, "again", "v", 1);

        Assert.Equal(vector.Sha256, again.Sha256);
        Assert.Equal(vector.Unit, again.Unit);
        Assert.Equal(vector.Metadata, again.Metadata);
        Assert.Equal(vector.ResidualNorms, again.ResidualNorms);
        Assert.Equal(bytes, VectorFile.Write(again));
    }

    [Fact]
    public void Tensors_that_are_not_a_vectors_are_named()
    {
        Refused("resid_post", new SafetensorsWriter().Add("resid_post", [1f], 1));
        Refused("resid_post.04", new SafetensorsWriter().Add("resid_post.04", [1f], 1));
        Refused("resid_post.-1", new SafetensorsWriter().Add("resid_post.-1", [1f], 1));
        Refused("weights", new SafetensorsWriter().Add("weights", [1f], 1));
        Refused("plane.b1", new SafetensorsWriter().Add("plane.b1", [1f], 1).Add("plane.b2", [1f], 1));
        Refused("resid_post.3", new SafetensorsWriter().Add("resid_post.3", [1f, 2], 2, 1));
        Refused("resid_post.3", new SafetensorsWriter().Add("resid_post.3", [1f]));
        Refused("resid_post.3", new SafetensorsWriter().Add("resid_post.3", ReadOnlySpan<float>.Empty, 0));
        Refused("resid_post.3", new SafetensorsWriter().Add("resid_post.3", [1f, float.NaN], 2));
        Refused("resid_post.3", new SafetensorsWriter().Add("resid_post.3", "F64", BitConverter.GetBytes(1e300), 1));
        Refused("resid_post.3.dtype", new SafetensorsWriter().Add("resid_post.3", [1L], 1));
        Refused("resid_post.3", new SafetensorsWriter().Add("resid_post.3", [1f], 1).Add("l3.resid_post.v", [1f], 1));
        Refused("resid_post.3.b1", new SafetensorsWriter().Add("resid_post.3.b1", [1f], 1));
        Refused("resid_post.3.r", new SafetensorsWriter().Add("resid_post.3.r", [1f], 1, 1).Add("resid_post.3.w", [1f], 1, 1));
        Refused("resid_post.3.b", new SafetensorsWriter().Add("resid_post.3.r", [1f, 2], 2, 1).Add("resid_post.3.w", [1f, 2], 2, 1).Add("resid_post.3.b", [1f, 2], 2, 1));
        Refused("resid_post.4", new SafetensorsWriter().Add("resid_post.3", [1f], 1).Add("resid_post.4", [1f, 2], 2));
        Refused("tensors", new SafetensorsWriter());
    }

    [Fact]
    public void Metadata_that_is_wrong_is_named()
    {
        var error = Refused("__metadata__.unit", new SafetensorsWriter().Add("embed", [1f], 1).AddMetadata("unit", "percent"));
        Assert.Contains("raw, rms, token_norm, degrees, fraction", error.Message, StringComparison.Ordinal);
        Refused("__metadata__.residual_norm.embed", new SafetensorsWriter().Add("embed", [1f], 1).AddMetadata("residual_norm.embed", "-1"));
        Refused("__metadata__.residual_norm.embed", new SafetensorsWriter().Add("embed", [1f], 1).AddMetadata("residual_norm.embed", "NaN"));
        Refused("__metadata__.residual_norm.x", new SafetensorsWriter().Add("embed", [1f], 1).AddMetadata("residual_norm.x", "1"));
    }

    private static SteeringVector Parse(SafetensorsWriter writer) => VectorFile.Parse(writer.ToArray(), "test", "v", 1);

    private static ModelFormatException Refused(string field, SafetensorsWriter writer)
    {
        var error = Assert.Throws<ModelFormatException>(() => Parse(writer));
        Assert.True(error.Field == field || error.Field is "l3.resid_post.v", $"{error.Field} instead of {field}");
        return error;
    }
}
