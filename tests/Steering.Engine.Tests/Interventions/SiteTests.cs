using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class SiteTests
{
    [Theory]
    [InlineData("embed", SitePoint.Embed, -1)]
    [InlineData("final_norm", SitePoint.FinalNorm, -1)]
    [InlineData("resid_post.16", SitePoint.ResidPost, 16)]
    [InlineData("norm_attn.0", SitePoint.NormAttn, 0)]
    public void A_site_is_read_and_written_alike(string text, SitePoint point, int block)
    {
        Assert.True(Site.TryParse(text, out var site));
        Assert.Equal(new Site(point, block), site);
        Assert.Equal(text, site.ToString());
    }

    [Theory]
    [InlineData(""), InlineData("resid_post"), InlineData("resid_post."), InlineData("resid_post.-1"), InlineData("resid_post.01"), InlineData("resid_post.1 ")]
    [InlineData("embed.0"), InlineData("final_norm.*"), InlineData("Resid_post.1"), InlineData("resid_post.+1"), InlineData("layer.3"), InlineData("resid_post.99999999999")]
    public void Other_spellings_of_sites_are_refused(string text) => Assert.False(Site.TryParse(text, out _));

    [Theory]
    [InlineData("resid_post.4", SitePoint.ResidPost, 4, 4)]
    [InlineData("norm_attn.2-5", SitePoint.NormAttn, 2, 5)]
    [InlineData("norm_attn.3-3", SitePoint.NormAttn, 3, 3)]
    [InlineData("mlp_act.*", SitePoint.MlpAct, null, null)]
    [InlineData("embed", SitePoint.Embed, null, null)]
    public void Selectors_are_read(string text, SitePoint point, int? first, int? last)
    {
        Assert.True(SiteSelector.TryParse(text, out var selector));
        Assert.Equal(new SiteSelector(point, first, last), selector);
    }

    [Theory]
    [InlineData("resid_post.4"), InlineData("norm_attn.2-5"), InlineData("mlp_act.*"), InlineData("embed")]
    public void Selectors_are_written_as_they_were_read(string text)
    {
        Assert.True(SiteSelector.TryParse(text, out var selector));
        Assert.Equal(text, selector.ToString());
    }

    [Theory]
    [InlineData("resid_post.5-2"), InlineData("resid_post.2-"), InlineData("resid_post.-2"), InlineData("resid_post.02-5"), InlineData("resid_post.2-05"), InlineData("embed.*"), InlineData("*"), InlineData("resid_post")]
    public void Other_spellings_of_selectors_are_refused(string text) => Assert.False(SiteSelector.TryParse(text, out _));

    [Fact]
    public void Selectors_match_inclusive_ranges_of_their_point()
    {
        Assert.True(SiteSelector.TryParse("resid_post.2-3", out var selector));

        Assert.Equal([false, true, true, false], Enumerable.Range(1, 4).Select(block => selector.Matches(new Site(SitePoint.ResidPost, block))));
        Assert.False(selector.Matches(new Site(SitePoint.ResidPre, 2)));
    }

    [Fact]
    public void Sites_sort_in_forward_order()
    {
        string[] forward = ["embed", "resid_pre.0", "norm_attn.0", "head_in.0", "attn_out.0", "norm_mlp.0", "mlp_gate.0", "mlp_act.0", "mlp_out.0", "resid_post.0", "resid_pre.1", "resid_post.10", "final_norm"];

        Assert.Equal(forward, forward.Reverse().Select(Recipe.At).Order().Select(site => site.ToString()));
    }

    [Fact]
    public void Many_sites_are_described_as_ranges() =>
        Assert.Equal("embed, norm_attn.2-4, resid_post.0, resid_post.7-8",
            SiteRanges.Describe(new[] { "resid_post.8", "norm_attn.3", "embed", "norm_attn.2", "resid_post.7", "norm_attn.4", "resid_post.0", "norm_attn.3" }.Select(Recipe.At)));

    [Fact]
    public void Names_of_operations_and_units_are_read_back()
    {
        Assert.All(Enum.GetValues<Operation>(), operation => Assert.True(SteeringNames.TryParse(SteeringNames.Of(operation), out Operation read) && read == operation));
        Assert.All(Enum.GetValues<StrengthUnit>(), unit => Assert.True(SteeringNames.TryParse(SteeringNames.Of(unit), out StrengthUnit read) && read == unit));
    }

    [Theory]
    [InlineData("ablate", Operation.ScaleCoordinate), InlineData("erase", Operation.ScaleCoordinate), InlineData("clamp", Operation.SetCoordinate)]
    public void Aliases_of_operations_are_read(string alias, Operation operation)
    {
        Assert.True(SteeringNames.TryParse(alias, out Operation read));
        Assert.Equal(operation, read);
    }

    [Fact]
    public void Unknown_names_are_not_read() => Assert.False(SteeringNames.TryParse("replace", out Operation _) || SteeringNames.TryParse("sigma", out StrengthUnit _));
}
