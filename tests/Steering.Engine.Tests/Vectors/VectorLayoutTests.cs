using System.Collections.Immutable;
using Steering.Engine.Interventions;
using Steering.Engine.Loading;
using Steering.Engine.Vectors;

namespace Steering.Engine.Tests.Vectors;

/// <summary>Where names and rows end up, by convention.</summary>
public sealed class VectorLayoutTests
{
    private readonly List<string> _warnings = [];

    [Theory]
    [InlineData("steering", "resid_post.4", "resid_post.4")]
    [InlineData("steering", "l4.resid_post.v", "resid_post.4")]
    [InlineData("steering", "final_norm", "final_norm")]
    [InlineData("blocks", "4", "resid_post.4")]
    [InlineData("blocks", "layer_4", "resid_post.4")]
    [InlineData("blocks", "layer.4", "resid_post.4")]
    [InlineData("blocks", "layers.4", "resid_post.4")]
    [InlineData("blocks", "layer4", "resid_post.4")]
    [InlineData("blocks", "block_4", "resid_post.4")]
    [InlineData("blocks", "direction.4", "resid_post.4")]
    [InlineData("blocks", "model.layers.4", "resid_post.4")]
    [InlineData("modules", "model.layers.4.input_layernorm", "norm_attn.4")]
    [InlineData("modules", "model.layers.4.post_attention_layernorm", "norm_mlp.4")]
    [InlineData("modules", "blocks.4.hook_resid_pre", "resid_pre.4")]
    [InlineData("modules", "blocks.4.hook_resid_post", "resid_post.4")]
    [InlineData("modules", "blocks.4.hook_attn_out", "attn_out.4")]
    [InlineData("modules", "blocks.4.hook_mlp_out", "mlp_out.4")]
    public void A_name_says_where_a_direction_belongs(string convention, string name, string target)
    {
        var (found, arrays) = Place(Map((name, Array(1, 2))));

        Assert.Equal((convention, target), (found.Name, Assert.Single(arrays).Target));
    }

    [Theory]
    [InlineData("llama.cpp", "resid_post.1 resid_post.3", "one block earlier, at resid_post.2")]
    [InlineData("repeng", "resid_post.1 resid_post.3", "after the final norm")]
    [InlineData("cvector-generator", "resid_post.0 resid_post.2", "measured at resid_post.2")]
    [InlineData("blocks", "resid_post.1 resid_post.3", "hidden_states")]
    [InlineData("hidden_states", "resid_post.0 resid_post.2", "resid_post.2")]
    [InlineData("cast", "resid_post.1 resid_post.3", "adds it at resid_pre.3")]
    public void The_convention_decides_what_block_3_means(string convention, string targets, string note)
    {
        var (found, arrays) = Place(Map(("1", Array(1, 2)), ("3", Array(3, 4))), convention, blocks: 4);

        Assert.Equal(convention, found.Name);
        Assert.Equal(targets.Split(' '), arrays.Select(array => array.Target));
        Assert.Contains(note, arrays[1].Note, StringComparison.Ordinal);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Numbers_as_names_are_blocks_and_said_to_be()
    {
        Place(Map(("3", Array(1, 2))));

        Assert.Contains("k was read as the output of block k", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Norms_of_a_model_with_four_of_them_are_what_the_sublayers_add()
    {
        var (_, arrays) = Place(Map(("model.layers.0.input_layernorm", Array(1)), ("model.layers.0.post_attention_layernorm", Array(2)),
            ("model.layers.0.pre_feedforward_layernorm", Array(3)), ("model.layers.0.post_feedforward_layernorm", Array(4))));

        Assert.Equal(["norm_attn.0", "attn_out.0", "norm_mlp.0", "mlp_out.0"], arrays.Select(array => array.Target));
    }

    [Fact]
    public void An_array_with_as_many_rows_as_blocks_is_of_blocks()
    {
        var (convention, arrays) = Place(Rows(3, 2), blocks: 3);

        Assert.Equal("blocks", convention.Name);
        Assert.Equal(["row 0>resid_post.0", "row 1>resid_post.1", "row 2>resid_post.2"], arrays.Select(array => $"{array.Source}>{array.Target}"));
        Assert.Equal([5f, 6], arrays[2].Array.Values);
        Assert.Contains("after the final norm", arrays[2].Note, StringComparison.Ordinal);
        Assert.Contains("were read as blocks", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void An_array_with_one_row_more_is_of_hidden_states()
    {
        var (convention, arrays) = Place(Rows(4, 2), blocks: 3);

        Assert.Equal("hidden_states", convention.Name);
        Assert.Equal(["embed", "resid_post.0", "resid_post.1", "final_norm"], arrays.Select(array => array.Target));
        Assert.Contains("after the final norm", arrays[3].Note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_array_may_have_any_name()
    {
        Assert.Equal("hidden_states", Place(Map(("arr_0", Rows(4, 2))), blocks: 3).Convention.Name);
        Assert.Equal(["resid_post.0", "resid_post.1"], Place(Map(("arr_0", Rows(2, 2))), "blocks").Arrays.Select(array => array.Target));
    }

    [Fact]
    public void A_direction_of_zeros_stays_where_the_file_names_its_site() =>
        Assert.Equal(2, Place(Map(("resid_post.1", Array(0, 0)), ("resid_post.2", Array(1, 0)))).Arrays.Length);

    [Fact]
    public void A_list_of_tensors_is_an_array_of_rows()
    {
        var (convention, arrays) = Place(new StoredList([Array(1, 2), Array(3, 4)]), blocks: 2);

        Assert.Equal("blocks", convention.Name);
        Assert.Equal(["item 0>resid_post.0", "item 1>resid_post.1"], arrays.Select(array => $"{array.Source}>{array.Target}"));
    }

    [Fact]
    public void Without_a_model_rows_are_blocks_and_said_to_be()
    {
        var (convention, _) = Place(Rows(3, 2));

        Assert.Equal("blocks", convention.Name);
        Assert.Contains("the model is not known", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 5, "found 5; convention blocks expects 3 for a model of 3 blocks, hidden_states 4")]
    [InlineData("hidden_states", 3, "found 3; convention hidden_states expects 4 for a model of 3 blocks")]
    [InlineData("blocks", 4, "found 4; convention blocks expects 3 for a model of 3 blocks")]
    public void Rows_that_are_neither_are_refused(string? convention, int rows, string message) => Refused("rows", message, Rows(rows, 2), convention, blocks: 3);

    [Fact]
    public void A_bare_direction_needs_a_site()
    {
        Refused("sites", "found 0 sites for one direction; expected one per direction, such as resid_post.4", Array(1, 2));
        Refused("sites", "found 0 sites for one direction", Map(("vector", Array(1, 2))));
        Refused("sites", "resid_pre and the layer in its direction_metadata.json", Array(1, 2), "refusal_direction");

        var (convention, arrays) = Place(Map(("vector", Rows(1, 2))), sites: "resid_pre.4");

        Assert.Equal(("sites", "vector", "resid_pre.4"), (convention.Name, arrays[0].Source, arrays[0].Target));
    }

    [Fact]
    public void Sites_are_as_many_as_rows()
    {
        var (convention, arrays) = Place(Rows(2, 2), sites: "resid_post.4 norm_attn.2");

        Assert.Equal("sites", convention.Name);
        Assert.Equal(["resid_post.4", "norm_attn.2"], arrays.Select(array => array.Target));
        Refused("sites", "found 1 sites for 2 directions", Rows(2, 2), sites: "resid_post.4");
        Refused("sites", "the file says itself where its tensors belong (layer_3, …)", Map(("layer_3", Array(1, 2))), sites: "resid_post.4");
        Refused("sites", "convention blocks says where the rows belong", Rows(2, 2), "blocks", sites: "resid_post.4 resid_post.5");
    }

    [Fact]
    public void A_refusal_direction_belongs_before_its_block()
    {
        Assert.Null(Place(Array(1, 2), "refusal_direction", sites: "resid_pre.10").Arrays[0].Note);
        Assert.Contains("measures at resid_pre", Place(Array(1, 2), "refusal_direction", sites: "resid_post.10").Arrays[0].Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vec_layer_13_Llama-2-7b-chat-hf.pt", null)]
    [InlineData("vec_layer_13.pt", "caa")]
    public void The_layer_of_CAA_is_in_the_files_name(string file, string? asked)
    {
        var (convention, arrays) = Place(Array(1, 2), asked, file: file);

        Assert.Equal(("caa", "resid_post.13"), (convention.Name, arrays[0].Target));
        Refused("sites", "found 0 sites", Array(1, 2), "caa", file: "vector.pt");
        Assert.Equal("resid_post.2", Place(Array(1, 2), "caa", sites: "resid_post.2", file: file).Arrays[0].Target);
    }

    [Fact]
    public void A_plane_goes_to_the_modules_of_its_mask()
    {
        var (convention, arrays) = Place(Plane("mask", "model.layers.0.input_layernorm:0 model.layers.1.input_layernorm:1 model.layers.1.post_attention_layernorm:1"));

        Assert.Equal("selective", convention.Name);
        Assert.Equal(["norm_attn.1.b1", "norm_attn.1.b2", "norm_mlp.1.b1", "norm_mlp.1.b2"], arrays.Select(array => array.Target));
        Assert.Equal("basis[1] at model.layers.1.post_attention_layernorm", arrays[3].Source);
        Assert.Equal([0f, 2], arrays[3].Array.Values);
        Assert.Equal(["the mask chooses 2 of 3 modules; the plane was put there and nowhere else",
            "the basis, stored as float32, is not orthonormal (|b1| = 1, |b2| = 2, <b1, b2> = 0); it is made so when it is used"], _warnings);
    }

    [Fact]
    public void A_plane_without_a_mask_goes_wherever_it_has_projections()
    {
        var (_, arrays) = Place(Plane("other", "model.layers.0.input_layernorm:0 model.layers.1.input_layernorm:1"));

        Assert.Equal(4, arrays.Length);
        Assert.Contains("no layer_steering_mask", _warnings[0], StringComparison.Ordinal);
        Refused("extra_info.layer_steering_mask", "chooses none", Plane("mask", "model.layers.0.input_layernorm:0"));
        Refused("convention", "the file holds a plane with its modules, which is selective; the request says blocks", Plane("mask", "model.layers.0.input_layernorm:1"), "blocks");
    }

    [Fact]
    public void Candidates_are_directions_and_those_of_zeros_are_left_out()
    {
        var (convention, arrays) = Place(Map(
            ("candidates", Map(("model.layers.0.input_layernorm", Array(0, 0)), ("model.layers.0.post_attention_layernorm", Array(1, 2)))), ("selected_direction", Array(1, 2))));

        Assert.Equal(("selective", "norm_mlp.0"), (convention.Name, Assert.Single(arrays).Target));
        Assert.Contains("model.layers.0.input_layernorm: all zeros, and left out", _warnings);
        // One that is zero everywhere is for the validation to refuse.
        Assert.Single(Place(Map(("layer_3", Array(0, 0)))).Arrays);
    }

    [Fact]
    public void The_dictionary_that_has_the_directions_is_found()
    {
        var (_, arrays) = Place(Map(("model_type", new StoredScalar("llama")), ("directions", Map(("3", Array(1, 2))))));

        Assert.Equal("resid_post.3", Assert.Single(arrays).Target);
        Refused("tensors", "2 dictionaries", Map(("a", Map(("3", Array(1)))), ("b", Map(("3", Array(1))))));
        Refused("tensors", "there are none", Map(("a", new StoredScalar(1L))));
    }

    [Fact]
    public void What_cannot_be_placed_is_named()
    {
        Refused("weight", "does not say where it belongs", Map(("layer_3", Array(1)), ("weight", Array(1))));
        Refused("tensors", "their names are of several kinds (layer_3, resid_post.4", Map(("layer_3", Array(1)), ("resid_post.4", Array(1))));
        Refused("convention", "which hidden state comes after the final norm", Map(("3", Array(1))), "hidden_states");
        Refused("convention", "found \"axbench\"; expected one of steering, sites, llama.cpp, repeng, cvector-generator, blocks", Array(1), "axbench");
        Refused("weight", "names no block; convention cast expects", Map(("weight", Array(1))), "cast");
        Refused("weight", "names no module", Map(("weight", Array(1))), "modules");
        Refused("weight", "does not name a site", Map(("weight", Array(1))), "steering");
        Refused("convention", "caa has one direction per file; the file has 2", Map(("1", Array(1)), ("2", Array(1))), "caa");
        Refused("convention", "the file holds one direction without names", Array(1), "repeng");
        Refused("0", "counts from 1", Map(("0", Array(1))), "cvector-generator");
        Refused("array", "has shape [2, 1, 2]; expected [width] or [rows, width]", new StoredArray([2, 1, 2], "float32", new float[4]));
        Refused("array", "has shape []", new StoredArray([], "float32", [1]));
        Refused("array", "has shape [0, 4]", new StoredArray([0, 4], "float32", []));
        Refused("array", "has shape [8, 3]; expected [rows, 8]: transpose it", Rows(8, 3), width: 8, blocks: 3);
        Refused("file", "is a list of other things", new StoredList([new StoredScalar(1L)]));
        Refused("file", "holds no tensor", new StoredScalar("x"));
    }

    [Fact]
    public void The_table_of_conventions_has_every_name_once() =>
        Assert.Equal(["steering", "sites", "llama.cpp", "repeng", "cvector-generator", "blocks", "hidden_states", "caa", "refusal_direction", "cast", "modules", "selective"],
            VectorConvention.All.Select(convention => convention.Name));

    private (VectorConvention Convention, ImmutableArray<PlacedArray> Arrays) Place(
        StoredValue content, string? convention = null, string sites = "", int? blocks = null, int? width = null, string file = "file")
    {
        _warnings.Clear();
        ImmutableArray<Site> places = [.. sites.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => Site.TryParse(text, out var site) ? site : throw new ArgumentException(text))];
        var options = new ImportOptions { FileName = file, Convention = convention, Sites = places, Blocks = blocks, Width = width };
        return new VectorLayout(options, isGguf: false, _warnings).Place(content);
    }

    private void Refused(string field, string message, StoredValue content, string? convention = null, string sites = "", int? blocks = null, int? width = null, string file = "file")
    {
        var error = Assert.Throws<ModelFormatException>(() => Place(content, convention, sites, blocks, width, file));
        Assert.Equal(field, error.Field);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static StoredArray Array(params float[] values) => new([values.Length], "float32", values);

    // Values 1, 2, 3, … row by row.
    private static StoredArray Rows(int rows, int width) => new([rows, width], "float32", [.. Enumerable.Range(1, rows * width).Select(value => (float)value)]);

    private static StoredMap Map(params (string Key, StoredValue Value)[] items) => new([.. items.Select(item => KeyValuePair.Create(item.Key, item.Value))]);

    // mask: modules with :1 where the plane is applied.
    private static StoredMap Plane(string info, string mask)
    {
        (string Module, bool Chosen)[] modules = [.. mask.Split(' ').Select(item => (item[..^2], item[^1] == '1'))];
        return Map(("basis", new StoredList([Array(1, 0), Array(0, 2)])),
            ("projections", Map([.. modules.Select(item => (item.Module, (StoredValue)new StoredList([new StoredScalar(0.5), new StoredScalar(1.0)])))])),
            ("extra_info", Map((info == "mask" ? "layer_steering_mask" : info, Map([.. modules.Select(item => (item.Module, (StoredValue)new StoredScalar(item.Chosen)))])))));
    }
}
