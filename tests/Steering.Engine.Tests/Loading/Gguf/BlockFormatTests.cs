using Steering.Compute.Quantised;
using Steering.Engine.Loading;

namespace Steering.Tests.Loading.Gguf;

/// <summary>Blocks of every format widen to exactly what the gguf package makes of them.</summary>
public sealed class BlockFormatTests
{
    public static TheoryData<string> Formats() => [.. BlockFormat.All.Select(format => format.Name)];

    [SkippableTheory]
    [MemberData(nameof(Formats))]
    public void Blocks_widen_to_the_values_of_the_reference(string name)
    {
        using var golden = SafetensorsFile.Open(Path.Combine(Repository.Shared("golden", "gguf"), "blocks.safetensors"));
        var format = BlockFormat.All.Single(f => f.Name == name);
        float[] expected = golden.ReadFloats($"{name}.values"), actual = new float[expected.Length];
        format.Widen(golden.Bytes(golden.Require($"{name}.blocks")), actual);

        Assert.Equal(expected, actual);
    }

    [SkippableFact]
    public void Every_format_of_the_reference_is_read()
    {
        using var golden = SafetensorsFile.Open(Path.Combine(Repository.Shared("golden", "gguf"), "blocks.safetensors"));

        Assert.Equal(golden.Tensors.Keys.Where(key => key.EndsWith(".values", StringComparison.Ordinal)).Select(key => key[..^7]).Order(), BlockFormat.All.Select(format => format.Name).Order());
    }
}
