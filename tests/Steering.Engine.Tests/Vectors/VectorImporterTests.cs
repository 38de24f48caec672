using System.Diagnostics;
using Steering.Engine.Interventions;
using Steering.Engine.Loading.Gguf;
using Steering.Engine.Loading;
using Steering.Engine.Tests.Loading;
using Steering.Engine.Vectors.Numpy;
using Steering.Engine.Vectors;
using Steering.Tests;

namespace Steering.Engine.Tests.Vectors;

/// <summary>Files of safetensors and GGUF through the importer; what becomes of names and rows is in VectorLayoutTests.</summary>
public sealed class VectorImporterTests
{
    [SkippableTheory]
    [InlineData("pca_diff.gguf")]
    [InlineData("pca_center.gguf")]
    public void Control_vectors_of_repeng_equal_what_its_own_reader_gives(string name)
    {
        using var golden = SafetensorsFile.Open(Repository.Shared("golden", "methods", "repeng", "repeng.safetensors"));
        string prefix = name.StartsWith("pca_diff", StringComparison.Ordinal) ? "parsed.pca_diff.l{0}.resid_post.v" : "pca_center.repeng.direction.{0}";

        var import = Read(File.ReadAllBytes(Repository.Shared("golden", "methods", "repeng", name)), blocks: 4, convention: "repeng");

        Assert.Equal(["resid_post.1", "resid_post.2", "resid_post.3"], import.Vector.Tensors.Select(tensor => tensor.FileName));
        Assert.All(import.Vector.Tensors, tensor =>
            Assert.Equal(golden.ReadFloats(string.Format(System.Globalization.CultureInfo.InvariantCulture, prefix, tensor.Site.Block)), tensor.Values));
        Assert.Equal(("gguf", "repeng"), (import.Report.Format, import.Report.Convention));
        Assert.Equal(new Translation("direction.1", "resid_post.1", null), import.Report.Translations[0]);
        Assert.Contains("after the final norm", import.Report.Translations[2].Note, StringComparison.Ordinal);
        Assert.Equal(("llama", "3"), (import.Vector.Metadata["model_hint"], import.Vector.Metadata["layer_count"]));
        Assert.Equal(("", 0), (import.Vector.Name, import.Vector.Version));
        Assert.Empty(import.Report.Warnings);
    }

    [SkippableTheory]
    [InlineData("direction_zero.gguf", "direction.0", "llama.cpp refuses direction.0")]
    [InlineData("half.gguf", "direction.1", "is F16; llama.cpp loads directions of F32 only")]
    [InlineData("unequal_width.gguf", "direction.2", "has 40 values, the directions before it 48")]
    [InlineData("other_tensor.gguf", "bias.1", "is not a direction")]
    public void What_llama_cpp_refuses_is_refused_for_its_reason(string name, string field, string reason)
    {
        byte[] bytes = File.ReadAllBytes(Repository.Shared("golden", "methods", "repeng", name));

        var error = Assert.Throws<ModelFormatException>(() => Read(bytes));

        Assert.Equal(field, error.Field);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Blocks_without_a_direction_count_as_zero_and_are_listed()
    {
        var import = Read(File.ReadAllBytes(Repository.Shared("golden", "methods", "repeng", "missing_layers.gguf")));

        Assert.Equal(["resid_post.1", "resid_post.3"], import.Vector.Tensors.Select(tensor => tensor.FileName));
        Assert.Equal(["controlvector.layer_count is 3; the file has 2 directions", "block 2 has no direction; it counts as zero, as in llama.cpp"], import.Report.Warnings.AsEnumerable());
    }

    [SkippableFact]
    public void Another_architecture_is_a_warning()
    {
        var import = Read(File.ReadAllBytes(Repository.Shared("golden", "methods", "repeng", "no_hint_arch.gguf")));

        Assert.Equal("resid_post.1", Assert.Single(import.Vector.Tensors).FileName);
        Assert.Contains("general.architecture is \"llama\"", Assert.Single(import.Report.Warnings), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_file_of_llama_cpps_generator_is_recognised_and_put_where_it_was_measured_on_request()
    {
        byte[] bytes = File.ReadAllBytes(Repository.Shared("data", "vectors", "llama-cpp-control-vector", "control_vector.gguf"));

        var asApplied = Read(bytes);
        var asMeasured = Read(bytes, convention: "cvector-generator");

        Assert.Equal((27, "llama.cpp"), (asApplied.Vector.Tensors.Length, asApplied.Report.Convention));
        Assert.All(asApplied.Vector.Tensors, tensor => Assert.Equal(3072, tensor.Columns));
        Assert.Equal("gemma", asApplied.Vector.Metadata["model_hint"]);
        Assert.Contains("as llama.cpp's cvector-generator writes it", Assert.Single(asApplied.Report.Warnings), StringComparison.Ordinal);
        Assert.Equal(new Translation("direction.5", "resid_post.5", "as llama.cpp applies it; llama.cpp's cvector-generator measures it one block earlier, at resid_post.4"), asApplied.Report.Translations[4]);
        Assert.Equal(new Translation("direction.5", "resid_post.4", "measured at resid_post.4; llama.cpp adds it one block later, at resid_post.5"), asMeasured.Report.Translations[4]);
        Assert.Equal(Enumerable.Range(0, 27), asMeasured.Vector.Tensors.Select(tensor => tensor.Site.Block));
        Assert.Equal(asApplied.Vector.Tensors.Select(tensor => tensor.Values[7]), asMeasured.Vector.Tensors.Select(tensor => tensor.Values[7]));
    }

    [Fact]
    public void Control_vectors_that_llama_cpp_cannot_parse_are_refused()
    {
        Refused("direction.x", "is not a direction", new GgufWriter().Add("direction.x", [1f], 1));
        Refused("direction.-1", "is not a direction", new GgufWriter().Add("direction.-1", [1f], 1));
        Refused("direction.01", "is not a direction", new GgufWriter().Add("direction.01", [1f], 1));
        Refused("direction.1", "of one dimension only", new GgufWriter().Add("direction.1", [1f, 2, 3, 4], 2, 2));
        Refused("tensors", "there are none", new GgufWriter());
        Refused("direction.1", "every value must be finite", new GgufWriter().Add("direction.1", [1f, float.NaN], 2));
        // As ggml counts, [1, width] has one dimension.
        Assert.Equal(2, Read(new GgufWriter().Add("direction.1", [1f, 2], 1, 2).ToArray()).Vector.Tensors[0].Columns);
        // A block number may be anything; the model says which exist.
        Assert.Contains("blocks 1-2147483646", Read(new GgufWriter().Add("direction.2147483647", [1f], 1).ToArray()).Report.Warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_this_project_is_read_as_itself()
    {
        byte[] bytes = File.ReadAllBytes(Repository.PathTo("models", "storyworld", "vectors", "mood-joyful.safetensors"));

        var import = Read(bytes, blocks: 8);

        Assert.Equal(VectorFile.Parse(bytes, "file", "", 0).Sha256, import.Vector.Sha256);
        Assert.Equal(("safetensors", "steering", StrengthUnit.Raw), (import.Report.Format, import.Report.Convention, import.Vector.Unit));
        Assert.Equal(new Translation("resid_post.2", "resid_post.2", null), import.Report.Translations[0]);
        Assert.Empty(import.Report.Warnings);
    }

    [Fact]
    public void Safetensors_with_the_names_of_others_keep_their_metadata()
    {
        var import = Read(new SafetensorsWriter().Add("layers.3", [1f, 2], 2).Add("layers.10", [3f, 4], 2).AddMetadata("unit", "rms").AddMetadata("residual_norm.resid_post.3", "7").ToArray());

        Assert.Equal("blocks", import.Report.Convention);
        Assert.Equal(["resid_post.3", "resid_post.10"], import.Vector.Tensors.Select(tensor => tensor.FileName));
        Assert.Equal((StrengthUnit.Rms, 7f), (import.Vector.Unit, import.Vector.ResidualNorms[new Site(SitePoint.ResidPost, 3)]));
    }

    [Fact]
    public void Arrays_of_numpy_go_where_their_names_and_rows_say()
    {
        byte[] named = NumpyFile.WriteNpz([("layer_3", [1f, 2], [2]), ("layer_1", [3f, 4], [2]), ("count", [12f], [])]);
        byte[] rows = NumpyFile.WriteNpy([1f, 2, 3, 4, 5, 6], 3, 2);

        var (byName, byRow) = (Read(named), Read(rows, blocks: 2));

        Assert.Equal(("npz", "blocks"), (byName.Report.Format, byName.Report.Convention));
        Assert.Equal([new("layer_1", "resid_post.1", null), new("layer_3", "resid_post.3", "if a model's last block was taken from hidden_states, it was measured after the final norm")],
            byName.Report.Translations.AsEnumerable());
        Assert.Equal("12", byName.Vector.Metadata["count"]);
        Assert.Equal(("npy", "hidden_states"), (byRow.Report.Format, byRow.Report.Convention));
        Assert.Equal(["embed", "resid_post.0", "final_norm"], byRow.Vector.Tensors.Select(tensor => tensor.FileName));
    }

    [Fact]
    public void An_array_of_very_many_rows_is_refused_before_they_become_tensors() =>
        Assert.Contains("at most 16384", Assert.Throws<ModelFormatException>(() => Read(NumpyFile.WriteNpy(new float[100_000], 100_000, 1))).Message, StringComparison.Ordinal);

    // As many as a safetensors file may hold, which takes a second or two. Looking through all tensors for every tensor took half a minute.
    [Fact]
    public void Very_many_tensors_take_no_longer_than_their_number_says()
    {
        string[] names = [.. Enumerable.Range(0, 65_536).SelectMany(block => (string[])[$"resid_post.{block}.b1", $"resid_post.{block}.b2"])];
        byte[] bytes = names.Aggregate(new SafetensorsWriter(), (file, name) => file.Add(name, [1f], 1)).ToArray();
        var clock = Stopwatch.StartNew();

        var problems = VectorValidation.Check(Read(bytes).Vector, new SiteTable(1, 2, 2, 2, new Dictionary<Site, string>(), null)).Problems;

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal(names.Length, problems.Count(problem => problem.Code == SteeringProblemCode.WidthMismatch));
    }

    [Fact]
    public void What_a_file_is_follows_from_its_bytes()
    {
        byte[] gguf = new GgufWriter().Add("direction.1", [1f], 1).ToArray();

        Assert.Equal("gguf", VectorImporter.Read(gguf, new ImportOptions { FileName = "named.safetensors", Format = VectorFormat.Gguf }).Report.Format);
        var error = Assert.Throws<ModelFormatException>(() => VectorImporter.Read(gguf, new ImportOptions { FileName = "a.npz", Format = VectorFormat.Npz }));
        Assert.Equal("a.npz: format: the file is gguf by its content; the request says npz: leave format out, or send the other file", error.Message);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("8002630A", "is a bare pickle")]
    [InlineData("504B0506000000000000000000000000000000000000", "neither a data.pkl of torch.save nor only .npy arrays")]
    [InlineData("7B22726573", "looks like JSON")]
    [InlineData("504B0304", "is not readable")]
    [InlineData("FFD8FFE000104A464946", "of no known kind")]
    [InlineData("FFFFFFFFFFFFFFFF7B", "of no known kind")]
    [InlineData("08000000000000007B", "8 bytes is more than the 1 that follow it")]
    public void What_is_no_vector_is_refused_with_what_it_looks_like(string hex, string message)
    {
        var error = Assert.Throws<ModelFormatException>(() => Read(Convert.FromHexString(hex)));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Files of every format that vectors of every kind come in.</summary>
    public static TheoryData<string> Formats() => ["safetensors", "gguf", "npz", "npy", "torch"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Whatever_happened_to_a_file_it_is_read_or_refused_by_name(string format)
    {
        byte[] whole = format switch
        {
            "safetensors" => VectorExporter.Write(Whole, VectorFormat.Safetensors),
            "gguf" => VectorExporter.Write(Whole, VectorFormat.Gguf),
            "npz" => VectorExporter.Write(Whole, VectorFormat.Npz),
            "npy" => NumpyFile.WriteNpy([1f, 2, 3, 4, 5, 6], 3, 2),
            _ => File.ReadAllBytes(Repository.PathTo("tests", "Steering.Engine.Tests", "Vectors", "Files", "torch.pt")),
        };
        int step = Math.Max(1, whole.Length / 500);

        foreach (byte[] damaged in Corruption.FlippedBits(whole, 500).Concat(Enumerable.Range(0, whole.Length / step).Select(i => whole[..(i * step)])))
        {
            try
            {
                Assert.NotEmpty(Read(damaged, blocks: 3).Vector.Tensors);
            }
            catch (ModelFormatException refused)
            {
                Assert.StartsWith($"file: {refused.Field}: ", refused.Message, StringComparison.Ordinal);
                Assert.InRange(refused.Message.Length, 1, 2000);
            }
        }
    }

    private static SteeringVector Whole => TestVectors.Vector(TestVectors.Tensor("resid_post.1", "", 1, 2), TestVectors.Tensor("resid_post.2", "", 3, 4));

    private static VectorImport Read(byte[] bytes, int? blocks = null, string? convention = null) =>
        VectorImporter.Read(bytes, new ImportOptions { FileName = "file", Blocks = blocks, Convention = convention });

    private static void Refused(string field, string message, GgufWriter writer)
    {
        var error = Assert.Throws<ModelFormatException>(() => Read(writer.ToArray()));
        Assert.Equal(field, error.Field);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
