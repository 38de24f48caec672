using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class SiteTableTests
{
    private static readonly Dictionary<Site, string> Experts = new() { [Recipe.At("mlp_act.1")] = "block 1 is a mixture of experts", [Recipe.At("mlp_act.4")] = "block 4 is a mixture of experts" };

    [Fact]
    public void Indices_are_dense_and_in_forward_order()
    {
        var sites = Recipe.Sites;

        Assert.Equal(2 + 9 * Recipe.Blocks, sites.Count);
        Assert.Equal(Enumerable.Range(0, sites.Count), sites.All.Select(sites.IndexOf));
        Assert.Equal(sites.All.Order(), sites.All);
        Assert.All(sites.All, site => Assert.Equal(site, sites.SiteAt(sites.IndexOf(site))));
    }

    [Fact]
    public void A_refused_site_keeps_its_index_and_is_not_listed()
    {
        var sites = Recipe.Sites.Refusing(Experts);

        Assert.Equal(Recipe.Sites.Count, sites.Count);
        Assert.Equal(Recipe.Sites.IndexOf(Recipe.At("mlp_out.4")), sites.IndexOf(Recipe.At("mlp_out.4")));
        Assert.Equal(sites.Count - 2, sites.All.Length);
        Assert.DoesNotContain(Recipe.At("mlp_act.4"), sites.All);
        Assert.False(sites.Exists(Recipe.At("mlp_act.4")));
        Assert.True(sites.Exists(Recipe.At("mlp_act.3")));
    }

    [Theory]
    [InlineData("embed", 8), InlineData("resid_pre.0", 8), InlineData("norm_attn.1", 8), InlineData("head_in.2", 12), InlineData("attn_out.2", 8)]
    [InlineData("norm_mlp.3", 8), InlineData("mlp_gate.3", 10), InlineData("mlp_act.4", 10), InlineData("mlp_out.5", 8), InlineData("resid_post.5", 8), InlineData("final_norm", 8)]
    public void Each_site_has_its_width(string site, int width) => Assert.Equal(width, Recipe.Sites.Width(Recipe.At(site)));

    [Fact]
    public void A_block_outside_the_model_is_answered_with_the_valid_range() =>
        Assert.Equal("block 6 of resid_post is out of range; this model has blocks 0 to 5", Recipe.Sites.WhyNot(Recipe.At("resid_post.6")));

    [Fact]
    public void A_refused_site_is_answered_with_its_reason() =>
        Assert.Equal("mlp_act.4 is not available in this model: block 4 is a mixture of experts", Recipe.Sites.Refusing(Experts).WhyNot(Recipe.At("mlp_act.4")));

    [Fact]
    public void A_global_point_with_a_block_does_not_exist() => Assert.Contains("takes no block", Recipe.Sites.WhyNot(new Site(SitePoint.Embed, 0)));

    [Fact]
    public void Sites_that_exist_have_nothing_to_explain() => Assert.All(Recipe.Sites.All, site => Assert.Null(Recipe.Sites.WhyNot(site)));

    [Fact]
    public void The_index_of_a_site_outside_the_model_is_an_error() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Recipe.Sites.IndexOf(Recipe.At("resid_post.6")));

    [Fact]
    public void Refusals_add_up()
    {
        var sites = Recipe.Sites.Refusing(Experts).Refusing(new Dictionary<Site, string> { [Recipe.At("embed")] = "it failed its self-test" });

        Assert.False(sites.Exists(Recipe.At("mlp_act.1")) || sites.Exists(Recipe.At("embed")));
    }
}
