using Steering.Engine.Interventions;
using SteeringServer.Errors;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Steering;

public sealed class SteeringReaderTests
{
    [Fact]
    public void Everything_a_use_says_is_read()
    {
        var use = ParsedRequests.Steering("""
            {"use": [{"vector": "cheerful", "version": 1, "strength": -0.5, "unit": "rms", "sites": ["resid_post.4", "norm_attn.2-5", "embed", "mlp_out.*"], "op": "rotate",
              "params": {"mode": "to", "to_degrees": 30}, "schedule": {"kind": "linear", "to": 0.1, "over": 20}, "renormalise": "token",
              "apply": {"prompt": "none", "generation": "decode", "generation_window": [0, 8], "spans": [[1, 3], [-2, null]], "tokens": [5, 6], "exclude": ["bos", "template"], "exclude_first": 2}}]}
            """).Use.Single();

        Assert.Equal(("cheerful", 1, "cheerful@1", -0.5, StrengthUnit.Rms), (use.Vector.Name, use.Vector.Version, use.Reference, use.Strength, use.Unit));
        Assert.Equal(["resid_post.4", "norm_attn.2-5", "embed", "mlp_out.*"], use.Sites.Select(site => site.ToString()));
        Assert.Equal((Operation.Rotate, RotationMode.To, 30), (use.Operation, use.Parameters.Rotation, use.Parameters.ToDegrees));
        Assert.Equal((new Schedule(ScheduleKind.Linear, 0.1, 20), Renormalise.Token), (use.Schedule, use.Renormalise));
        Assert.Equal((false, GenerationPhase.Decode, (0, 8)), (use.Apply.Prompt, use.Apply.Generation, use.Apply.GenerationWindow));
        Assert.Equal([(1, 3), (-2, null)], use.Apply.Spans.ToArray());
        Assert.Equal([5, 6], use.Apply.Tokens.ToArray());
        Assert.Equal((true, true, 2), (use.Apply.ExcludeBos, use.Apply.ExcludeTemplate, use.Apply.ExcludeFirst));
    }

    [Theory]
    [InlineData("\"all\"", true, GenerationPhase.All)]
    [InlineData("\"prompt\"", true, GenerationPhase.None)]
    [InlineData("\"generated\"", false, GenerationPhase.All)]
    [InlineData("\"decode\"", false, GenerationPhase.Decode)]
    [InlineData("{\"prompt\": \"all\", \"generation\": \"none\"}", true, GenerationPhase.None)]
    [InlineData("{}", true, GenerationPhase.All)]
    public void Apply_can_be_a_word_or_an_object(string apply, bool prompt, GenerationPhase generation)
    {
        var rule = ParsedRequests.Steering($$"""{"use": [{"vector": "formal", "apply": {{apply}}}]}""").Use.Single().Apply;

        Assert.Equal((prompt, generation), (rule.Prompt, rule.Generation));
    }

    [Theory]
    [InlineData("ablate", Operation.ScaleCoordinate)]
    [InlineData("erase", Operation.ScaleCoordinate)]
    [InlineData("clamp", Operation.SetCoordinate)]
    [InlineData("project_boost", Operation.ProjectBoost)]
    [InlineData("low_rank", Operation.LowRank)]
    public void Operations_have_documented_aliases(string name, Operation expected) =>
        Assert.Equal(expected, ParsedRequests.Steering($$"""{"use": [{"vector": "formal", "op": "{{name}}"}]}""").Use.Single().Operation);

    [Theory]
    [InlineData("\"cheerful\"", 2)]
    [InlineData("\"cheerful@prod\"", 2)]
    [InlineData("\"cheerful@1\"", 1)]
    [InlineData("\"cheerful\", \"version\": \"prod\"", 2)]
    [InlineData("\"cheerful\", \"version\": 1", 1)]
    public void A_vector_is_named_by_version_or_alias(string reference, int version) =>
        Assert.Equal(version, ParsedRequests.Steering($$"""{"use": [{"vector": {{reference}}}]}""").Use.Single().Vector.Version);

    [Fact]
    public void A_vector_is_named_by_the_beginning_of_its_hash()
    {
        string hash = ParsedRequests.Profile.Catalog.VersionsOf("cheerful")[0].Vector.Sha256;

        Assert.Equal(1, ParsedRequests.Steering($$"""{"use": [{"vector": "cheerful@sha256:{{hash[..12]}}"}]}""").Use.Single().Vector.Version);
    }

    [Theory]
    [InlineData("{\"use\": [{\"vector\": \"cheerfull\"}]}", "steering.use[0].vector", "(did you mean 'cheerful'?)")]
    [InlineData("{\"use\": [{\"vector\": \"cheerful@9\"}]}", "steering.use[0].vector", "versions 1, 2 and aliases prod")]
    [InlineData("{\"use\": [{\"vector\": \"draft\"}]}", "steering.use[0].vector", "no version 'prod'; it has versions 1")]
    [InlineData("\"0.5 nobody\"", "steering", "there is no vector 'nobody'")]
    public void Unknown_vectors_are_not_found(string json, string path, string expected)
    {
        var problems = ParsedRequests.Chat($"\"steering\": {json},").Problems;

        var error = problems.ToError();
        Assert.Equal((404, path, ErrorCode.VectorNotFound), (error.Status, error.Param, error.Code));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"used\": []}", "steering.used", "did you mean 'use'")]
    [InlineData("{\"use\": {}}", "steering.use", "a list of objects")]
    [InlineData("{\"use\": [{\"strength\": 1}]}", "steering.use[0].vector", "is missing")]
    [InlineData("{\"use\": [{\"vector\": \"Not A Name\"}]}", "steering.use[0].vector", "a vector's name")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"scale\": 1}]}", "steering.use[0].scale", "is not a field")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"strength\": \"big\"}]}", "steering.use[0].strength", "a finite number")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"unit\": \"volts\"}]}", "steering.use[0].unit", "raw, rms")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"op\": \"multiply\"}]}", "steering.use[0].op", "add, scale_coordinate")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"op\": \"sae_edit\"}]}", "steering.use[0].op", "not supported by this server yet")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"sites\": [\"resid_pos.4\"]}]}", "steering.use[0].sites[0]", "expected a site")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"sites\": []}]}", "steering.use[0].sites", "an empty list")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"layers\": [-1]}]}", "steering.use[0].layers[0]", "a block number")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"layers\": [1], \"sites\": [\"embed\"]}]}", "steering.use[0].layers", "leave one out")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"params\": {\"maximum\": 1}}]}", "steering.use[0].params.maximum", "is not a field of params")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"params\": {\"mode\": \"x\"}}]}", "steering.use[0].params.mode", "relu")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"apply\": \"everywhere\"}]}", "steering.use[0].apply", "all, prompt, generated or decode")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"apply\": {\"prompt\": null}}]}", "steering.use[0].apply.prompt", "say \"all\" or \"none\"")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"apply\": {\"prompt\": \"some\"}}]}", "steering.use[0].apply.prompt", "all or none")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"apply\": {\"exclude\": [\"tool_calls\"]}}]}", "steering.use[0].apply.exclude[0]", "does not parse tool calls")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"apply\": {\"spans\": [[1, 2, 3]]}}]}", "steering.use[0].apply.spans[0]", "[start, end]")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"apply\": {\"prompt_window\": 4}}]}", "steering.use[0].apply.prompt_window", "[start, end]")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"schedule\": {\"kind\": \"linear\", \"to\": 1}}]}", "steering.use[0].schedule.over", "is missing")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"schedule\": {\"kind\": \"cosine\"}}]}", "steering.use[0].schedule.kind", "constant, linear or exp")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"when\": {}}]}", "steering.use[0].when", "not supported by this server yet")]
    [InlineData("{\"use\": [{\"vector\": \"formal\", \"renormalise\": \"channel_over_sequence\"}]}", "steering.use[0].renormalise", "reads other tokens")]
    [InlineData("{\"use\": [{\"vector\": \"formal@1\", \"version\": 1}]}", "steering.use[0].version", "given twice")]
    [InlineData("{\"include\": [\"probes\"]}", "steering.include[0]", "\"receipt\" or \"unsteered\"")]
    [InlineData("{\"dry_run\": 1}", "steering.dry_run", "true or false")]
    [InlineData("{\"experiment\": {}}", "steering.experiment", "not supported by this server yet")]
    [InlineData("5", "steering", "expected an object")]
    public void What_cannot_be_understood_is_refused_with_its_path(string json, string path, string expected)
    {
        var problems = ParsedRequests.Chat($"\"steering\": {json},").Problems;

        var problem = ParsedRequests.Single(problems);
        Assert.Equal(path, problem.Path);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.Equal((400, ErrorCode.SteeringInvalid), (problems.ToError().Status, problems.ToError().Code));
    }

    [Theory]
    [InlineData("{}", true, false, false)]
    [InlineData("{\"include\": []}", false, false, false)]
    [InlineData("{\"include\": [\"receipt\", \"unsteered\"], \"dry_run\": true}", true, true, true)]
    public void What_the_answer_carries_is_chosen(string json, bool receipt, bool unsteered, bool isDryRun)
    {
        var steering = ParsedRequests.Chat($"\"steering\": {json},").Request.Steering;

        Assert.Equal((true, receipt, unsteered, isDryRun), (steering.IsPresent, steering.WantsReceipt, steering.WantsUnsteered, steering.IsDryRun));
    }

    [Fact]
    public void Problems_of_the_engine_name_the_field_that_was_sent()
    {
        var steering = ParsedRequests.Chat("\"steering\": {\"use\": [{\"vector\": \"formal\", \"layers\": [99]}]},").Request.Steering;

        Assert.Equal("steering.use[0].layers[0]", steering.AsSent(new SteeringProblem("steering.use[0].sites[0]", "", "")).Path);
        Assert.Equal("steering.use[1].sites[0]", steering.AsSent(new SteeringProblem("steering.use[1].sites[0]", "", "")).Path);
    }
}
