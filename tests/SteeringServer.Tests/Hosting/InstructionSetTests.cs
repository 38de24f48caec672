using System.Text.Json;
using System.Text.RegularExpressions;
using Steering.Tests;
using SteeringServer.Tests.Fixtures;

namespace SteeringServer.Tests.Hosting;

/// <summary>The same request gives the same text and log-probabilities, to the bit, on whatever instructions the processor offers (docs/decisions.md 2 and 37).</summary>
public sealed partial class InstructionSetTests
{
    [Fact]
    public async Task Switching_instruction_sets_off_changes_the_kernels_and_no_bit()
    {
        var (kernels, expected) = await AnswerAsync(("DOTNET_TieredCompilation", "1")); // nothing switched off
        foreach (string name in new[] { "DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic" })
        {
            var (used, answer) = await AnswerAsync((name, "0"));

            if (name != "DOTNET_EnableAVX512") Assert.Equal("portable", used);
            else Assert.NotEqual("avx512", used);
            Assert.True(expected == answer, $"{used} kernels differ from {kernels} kernels:\n{answer}\n{expected}");
        }
    }

    [Fact]
    public async Task Kernels_that_the_processor_cannot_run_are_refused_with_what_to_do()
    {
        using var data = new TemporaryFolder();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync(data.Path, ["--kernels", "avx2"], ("DOTNET_EnableAVX2", "0")));

        Assert.Contains("This processor cannot run the 'avx2' kernels; leave the choice to the server or ask for 'portable'.", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Message, StringComparison.Ordinal); // no stack: it is the caller's choice, not a fault
    }

    private static async Task<(string Kernels, string Choices)> AnswerAsync((string, string) environment)
    {
        using var data = new TemporaryFolder();
        using var server = await ServerProcess.StartAsync(data.Path, environment: environment);
        const string body = """
            {"prompt": "Once upon a time", "seed": 5, "n": 3, "max_tokens": 40, "logprobs": 5, "temperature": 0.9,
             "steering": {"use": [{"vector": "mood-joyful", "strength": 1.5, "renormalise": "token"}, {"vector": "polite", "op": "ablate"}]}}
            """;
        using var request = Api.Request(Api.Completions, body, []);
        using var response = await server.Http.SendAsync(request);
        var json = Api.Parse(await response.Content.ReadAsStringAsync());
        return (Kernels().Match(server.Screen).Groups[1].Value, JsonSerializer.Serialize(json.GetProperty("choices")));
    }

    [GeneratedRegex(@"kernels +(\w+)")]
    private static partial Regex Kernels();
}
