using Steering.Engine.Interventions;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Features.Steering;

public sealed class InlineVectorReaderTests
{
    [Theory]
    [InlineData("\"layers\": [3], \"values\": [1, 2, -3]", "resid_post.3: 1x3 1 2 -3")]
    [InlineData("\"layers\": [3, \"5-6\"], \"values\": [1, 2]", "resid_post.3: 1x2 1 2; resid_post.5: 1x2 1 2; resid_post.6: 1x2 1 2")]
    [InlineData("\"layers\": [3, 4], \"values\": [[1, 2], [3, 4]]", "resid_post.3: 1x2 1 2; resid_post.4: 1x2 3 4")]
    [InlineData("\"sites\": [\"attn_out.1\", \"embed\"], \"shape\": [2, 2], \"values\": [1, 2, 3, 4]", "attn_out.1: 1x2 1 2; embed: 1x2 3 4")]
    [InlineData("\"layers\": [1], \"role\": \"u\", \"values\": [[1, 0, 0], [0, 1, 0]]", "resid_post.1.u: 2x3 1 0 0 0 1 0")]
    [InlineData("\"layers\": [1, 2], \"role\": \"u\", \"values\": [[[1, 0]], [[0, 1]]]", "resid_post.1.u: 1x2 1 0; resid_post.2.u: 1x2 0 1")]
    [InlineData("\"layers\": [1], \"dtype\": \"f32\", \"shape\": [2], \"data\": \"AACAPwAAAMA=\"", "resid_post.1: 1x2 1 -2")]
    [InlineData("\"layers\": [1], \"dtype\": \"f16\", \"shape\": [2], \"data\": \"ADwAwA==\"", "resid_post.1: 1x2 1 -2")]
    [InlineData("\"layers\": [1], \"dtype\": \"bf16\", \"shape\": [1, 2], \"data\": \"gD8AwA==\"", "resid_post.1: 1x2 1 -2")]
    [InlineData("\"op\": \"rotate\", \"strength\": 9, \"tensors\": [{\"layers\": [1], \"role\": \"b1\", \"values\": [1, 0]}, {\"layers\": [1], \"role\": \"b2\", \"values\": [0, 1]}]", "resid_post.1.b1: 1x2 1 0; resid_post.1.b2: 1x2 0 1")]
    [InlineData("\"op\": \"low_rank\", \"tensors\": [{\"layers\": [1], \"role\": \"r\", \"values\": [[1, 0, 0], [0, 1, 0]]}, {\"layers\": [1], \"role\": \"w\", \"shape\": [2, 3], \"values\": [1, 2, 3, 4, 5, 6]}, {\"layers\": [1], \"role\": \"b\", \"values\": [8, 9]}]",
        "resid_post.1.r: 2x3 1 0 0 0 1 0; resid_post.1.w: 2x3 1 2 3 4 5 6; resid_post.1.b: 1x2 8 9")]
    public void Tensors_come_as_numbers_or_base64(string members, string expected)
    {
        var use = ParsedRequests.Steering($$"""{"inline": [{ {{members}} }]}""").Use.Single();

        Assert.Equal(expected, string.Join("; ", use.Vector.Tensors.Select(tensor => $"{tensor.FileName}: {tensor.Rows}x{tensor.Columns} {string.Join(' ', tensor.Values)}")));
        Assert.True(use.Vector.IsInline);
        Assert.Equal(("inline", "steering.inline[0]"), (use.Reference, use.Path));
    }

    [Fact]
    public void An_inline_vector_is_used_like_a_named_one()
    {
        var uses = ParsedRequests.Steering("""{"use": [{"vector": "formal"}], "inline": [{"name": "mine", "layers": [0], "values": [1], "strength": 2, "op": "ablate", "apply": "prompt"}]}""").Use;

        Assert.Equal(["formal", "mine"], uses.Select(use => use.Reference));
        Assert.Equal((2, Operation.ScaleCoordinate, GenerationPhase.None), (uses[1].Strength, uses[1].Operation, uses[1].Apply.Generation));
    }

    [Theory]
    [InlineData("\"values\": [1]", ".layers", "is missing")]
    [InlineData("\"layers\": [\"*\"], \"values\": [1]", ".layers", "name them")]
    [InlineData("\"layers\": [1, 1], \"values\": [1]", ".layers", "twice")]
    [InlineData("\"layers\": [1]", ".data", "is missing")]
    [InlineData("\"layers\": [1], \"values\": [1], \"data\": \"AA==\"", ".data", "leave one out")]
    [InlineData("\"layers\": [1], \"values\": []", ".values", "numbers in a list")]
    [InlineData("\"layers\": [1], \"values\": [[1, 2], [3]]", ".values", "lists of equal length")]
    [InlineData("\"layers\": [1], \"values\": [1, null]", ".values", "numbers in a list")]
    [InlineData("\"layers\": [1], \"values\": [1, 1e300]", ".values", "value 1 is infinite")]
    [InlineData("\"layers\": [1], \"shape\": [1], \"data\": \"AADAfw==\"", ".data", "not a number (NaN)")]
    [InlineData("\"layers\": [1], \"shape\": [3], \"data\": \"AACAPw==\"", ".data", "has 4 bytes; shape [3] of f32 needs 12")]
    [InlineData("\"layers\": [1], \"data\": \"AACAPw==\"", ".shape", "is missing")]
    [InlineData("\"layers\": [1], \"shape\": [1], \"data\": \"not base64!\"", ".data", "expected base64")]
    [InlineData("\"layers\": [1], \"shape\": [0], \"values\": [1]", ".shape", "all positive")]
    [InlineData("\"layers\": [1], \"shape\": [99999999, 99999999], \"values\": [1]", ".shape", "all positive")]
    [InlineData("\"layers\": [1, 2, 3], \"values\": [[1], [2]]", ".shape", "one row a site")]
    [InlineData("\"layers\": [1], \"dtype\": \"int8\", \"values\": [1]", ".dtype", "f32, f16 or bf16")]
    [InlineData("\"layers\": [1], \"role\": \"b3\", \"values\": [1]", ".role", "b1 and b2")]
    [InlineData("\"layers\": [1], \"values\": [1], \"vector\": \"x\"", ".vector", "is not a field")]
    [InlineData("\"layers\": [1], \"values\": [1], \"name\": \"Bad Name\"", ".name", "lower-case")]
    [InlineData("\"layers\": [\"0-4095\"], \"shape\": [4097], \"data\": \"\"", ".data", "needs 16388")]
    [InlineData("\"tensors\": []", ".tensors", "at least one")]
    [InlineData("\"tensors\": [{\"layers\": [1], \"values\": [1]}, {\"layers\": [1], \"values\": [2]}]", ".tensors", "each once")]
    public void What_is_no_tensor_is_refused_with_its_path(string members, string path, string expected)
    {
        var problem = ParsedRequests.Single(ParsedRequests.Chat($$"""  "steering": {"inline": [{ {{members}} }]},""").Problems);

        Assert.Equal("steering.inline[0]" + path, problem.Path);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_direction_for_many_sites_does_not_multiply()
    {
        string values = string.Join(',', Enumerable.Repeat("1", 5000));

        var problem = ParsedRequests.Single(ParsedRequests.Chat($$"""  "steering": {"inline": [{"layers": ["0-4095"], "values": [{{values}}] }]},""").Problems);

        Assert.Contains("more than", problem.Message, StringComparison.Ordinal);
    }
}
