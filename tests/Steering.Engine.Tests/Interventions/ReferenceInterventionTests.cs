using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class ReferenceInterventionTests
{
    private static readonly OperationParameters By = new() { Rotation = RotationMode.By };

    [SkippableTheory]
    [InlineData("ADD v*2 on h", Operation.Add, "v_unit", 2, null)]
    [InlineData("PROJECT_OUT b1 on h", Operation.ScaleCoordinate, "b1", 1, null)]
    [InlineData("HOUSEHOLDER b1 a=1 on h", Operation.ScaleCoordinate, "b1", 2, null)]
    [InlineData("SET_COORD b1 c=2 on h", Operation.SetCoordinate, "b1", 1, "value")]
    [InlineData("RELU_SET b1 c=2 on h (h.b1=-1)", Operation.SetCoordinate, "b1", 1, "relu")]
    [InlineData("ROT_TO 90deg on h", Operation.Rotate, "b1,b2", 1, "to 90")]
    [InlineData("ROT_TO 200deg on h", Operation.Rotate, "b1,b2", 1, "to 200")]
    [InlineData("ROT_TO 0deg on h (NOT identity)", Operation.Rotate, "b1,b2", 1, "to 0")]
    [InlineData("ROT_BY 90deg on h", Operation.Rotate, "b1,b2", Math.PI / 2, "by")]
    [InlineData("ROT_BY 200deg on h", Operation.Rotate, "b1,b2", Math.PI * 200 / 180, "by")]
    [InlineData("ROT_BY 0deg on h (identity)", Operation.Rotate, "b1,b2", 0, "by")]
    public void The_twin_gives_the_reference_numbers(string name, Operation operation, string directions, double coefficient, string? mode)
    {
        var golden = Golden();
        var parameters = mode switch
        {
            "value" => new OperationParameters { Value = 2 },
            "relu" => new OperationParameters { Value = 2, Relu = true },
            "by" => By,
            { } to => new OperationParameters { Rotation = RotationMode.To, ToDegrees = double.Parse(to[3..], CultureInfo.InvariantCulture) },
            null => OperationParameters.None,
        };

        double[] result = ReferenceIntervention.Apply(
            Row(golden, "h"), operation, [.. directions.Split(',').Select(row => Row(golden, row))], coefficient, parameters, false, Renormalise.None);

        AssertClose(Row(golden, name), result, 1e-14);
    }

    [SkippableFact]
    public void Adding_in_units_of_the_tokens_norm_gives_the_reference_numbers()
    {
        var golden = Golden();

        double[] result = ReferenceIntervention.Apply(Row(golden, "h"), Operation.Add, [Row(golden, "v_unit")], 0.1, OperationParameters.None, true, Renormalise.None);

        AssertClose(Row(golden, "ADD_NORM v*0.1 on h"), result, 1e-14);
    }

    [SkippableFact]
    public void Adaptive_rotation_on_an_open_gate_is_rotation_to_the_angle()
    {
        var golden = Golden();
        var to = new OperationParameters { Rotation = RotationMode.To, ToDegrees = 200 };

        double[] result = ReferenceIntervention.Apply(Row(golden, "h2"), Operation.Rotate, [Row(golden, "b1"), Row(golden, "b2")], 1, to, false, Renormalise.None);

        AssertClose(Row(golden, "AAS 200deg on h2 (h2.b1=2)"), result, 1e-14);
    }

    [SkippableFact]
    public void Renormalising_gives_the_reference_numbers_up_to_its_epsilon()
    {
        var golden = Golden();

        double[] result = ReferenceIntervention.Apply(Row(golden, "h"), Operation.Add, [Row(golden, "v_unit")], 2, OperationParameters.None, false, Renormalise.Token);

        AssertClose(Row(golden, "ADD v*2 then RENORM on h"), result, 1e-8);
    }

    [SkippableFact]
    public void Gradient_attribution_steering_per_token_is_a_renormalised_add()
    {
        var golden = Golden();
        double[][] expected = golden.GetProperty("GRAINS intended (per token) alpha=0.1, X=[h,h2]").Deserialize<double[][]>()!;

        for (int token = 0; token < 2; token++)
        {
            double[] h = Row(golden, token == 0 ? "h" : "h2");
            AssertClose(expected[token], ReferenceIntervention.Apply(h, Operation.Add, [Row(golden, "v_unit")], 10 * 0.1, OperationParameters.None, false, Renormalise.Token), 1e-14);
        }
    }

    [SkippableFact]
    public void Setting_a_dictionary_feature_is_adding_its_decoder_row()
    {
        var golden = Golden();
        double[][] decoder = golden.GetProperty("SAE").GetProperty("W_dec").Deserialize<double[][]>()!;

        double[] result = ReferenceIntervention.Apply(Row(golden, "h"), Operation.Add, [decoder[1]], 4 - 0, OperationParameters.None, false, Renormalise.None);

        AssertClose(Row(golden, "SAE set feature1=4 with error term"), result, 1e-14);
        AssertClose(Row(golden, "same as ADD (4-f1)*W_dec[1]"), result, 1e-14);
    }

    [SkippableFact]
    public void Editing_several_dictionary_features_is_adding_several_decoder_rows()
    {
        var golden = Golden();
        double[][] decoder = golden.GetProperty("SAE").GetProperty("W_dec").Deserialize<double[][]>()!;
        double[] features = golden.GetProperty("SAE").GetProperty("jumprelu f(h)").Deserialize<double[]>()!;
        double[] added = [.5, 2, -5];
        double[] h = Row(golden, "h");

        for (int i = 0; i < 3; i++)
            h = ReferenceIntervention.Apply(h, Operation.Add, [decoder[i]], Math.Max(0, features[i] + added[i]) - features[i], OperationParameters.None, false, Renormalise.None);

        AssertClose(Row(golden, "YaPO: ReLU(f+v), v=[.5,2,-5], error kept"), h, 1e-14);
    }

    [SkippableTheory]
    [InlineData("by", 0), InlineData("by", 40), InlineData("by", 90), InlineData("by", 200), InlineData("by", 350)]
    [InlineData("to", 0), InlineData("to", 40), InlineData("to", 90), InlineData("to", 200), InlineData("to", 350)]
    public void Rotations_of_reference_activations_match(string mode, int degrees)
    {
        string path = Repository.Shared("golden", "methods", "selective", "llama.safetensors");
        double[] b1 = Tensor(path, "plane.b1"), b2 = Tensor(path, "plane.b2");
        double[][] rows = [.. Tensor(path, "rotate.h").Chunk(b1.Length)], expected = [.. Tensor(path, $"rotate.{mode}.{degrees}").Chunk(b1.Length)];
        var parameters = mode == "by" ? By : new OperationParameters { Rotation = RotationMode.To, ToDegrees = degrees };

        for (int i = 0; i < rows.Length; i++)
        {
            double[] result = ReferenceIntervention.Apply(rows[i], Operation.Rotate, [b1, b2], mode == "by" ? degrees * Math.PI / 180 : 1, parameters, false, Renormalise.None);
            AssertClose(expected[i], result, 1e-6);
        }
    }

    [Fact]
    public void Ablating_twice_is_ablating_once()
    {
        var random = new Random(1);
        double[][] rows = RandomRows.Orthonormal(random, 3, 24);
        double[] h = RandomRows.Row(random, 24);

        double[] once = ReferenceIntervention.Apply(h, Operation.ScaleCoordinate, rows, 1, OperationParameters.None, false, Renormalise.None);

        AssertClose(once, ReferenceIntervention.Apply(once, Operation.ScaleCoordinate, rows, 1, OperationParameters.None, false, Renormalise.None), 1e-14);
        Assert.All(rows, row => Assert.Equal(0, ReferenceIntervention.Dot(once, row), 1e-14));
    }

    [Fact]
    public void Reflecting_twice_gives_the_row_back()
    {
        var random = new Random(2);
        double[][] rows = RandomRows.Orthonormal(random, 2, 24);
        double[] h = RandomRows.Row(random, 24);

        double[] once = ReferenceIntervention.Apply(h, Operation.ScaleCoordinate, rows, 2, OperationParameters.None, false, Renormalise.None);

        AssertClose(h, ReferenceIntervention.Apply(once, Operation.ScaleCoordinate, rows, 2, OperationParameters.None, false, Renormalise.None), 1e-14);
    }

    [Theory]
    [InlineData(RotationMode.By)]
    [InlineData(RotationMode.To)]
    public void Rotations_in_an_orthonormal_plane_keep_the_norm(RotationMode mode)
    {
        var random = new Random(3);
        for (int trial = 0; trial < 500; trial++)
        {
            double[][] plane = RandomRows.Orthonormal(random, 2, 64);
            double[] h = RandomRows.Row(random, 64);
            double degrees = random.NextDouble() * 360;

            double[] result = ReferenceIntervention.Apply(
                h, Operation.Rotate, plane, mode == RotationMode.By ? degrees * Math.PI / 180 : 1, new OperationParameters { Rotation = mode, ToDegrees = degrees }, false, Renormalise.None);

            Assert.Equal(1, ReferenceIntervention.Norm(result) / ReferenceIntervention.Norm(h), 1e-13);
        }
    }

    [Theory]
    [MemberData(nameof(OperationCase.All), MemberType = typeof(OperationCase))]
    public void Coefficient_0_is_the_exact_identity(OperationCase operation)
    {
        double[] h = RandomRows.Row(new Random(4), 16);
        double[][] rows = RandomRows.Orthonormal(new Random(5), operation.Rows, 16);

        Assert.Equal(h, ReferenceIntervention.Apply(h, operation.Operation, rows, 0, operation.Parameters, operation.TimesTokenNorm, operation.Renormalise));
    }

    [Fact]
    public void A_row_without_part_in_the_plane_is_not_rotated_to_an_angle()
    {
        double[] h = [0, 0, 3, 4];

        double[] result = ReferenceIntervention.Apply(
            h, Operation.Rotate, [[1, 0, 0, 0], [0, 1, 0, 0]], 1, new OperationParameters { Rotation = RotationMode.To, ToDegrees = 30 }, false, Renormalise.None);

        Assert.Equal(h, result);
    }

    [Theory]
    [InlineData(-3, -1)]
    [InlineData(0.5, 0.5)]
    [InlineData(7, 2)]
    public void Clamping_moves_only_coordinates_outside_the_range(double coordinate, double expected)
    {
        double[] result = ReferenceIntervention.Apply([coordinate, 9], Operation.SetCoordinate, [[1, 0]], 1, new OperationParameters { Min = -1, Max = 2 }, false, Renormalise.None);

        Assert.Equal([expected, 9], result);
    }

    private static JsonElement Golden() => JsonDocument.Parse(File.ReadAllBytes(Repository.Shared("design", "method-golden.json"))).RootElement;

    private static double[] Row(JsonElement golden, string name) => golden.GetProperty(name).Deserialize<double[]>()!;

    /// <summary>Reads an f32 or f64 tensor: enough of the safetensors format for reference files.</summary>
    private static double[] Tensor(string path, string name)
    {
        byte[] file = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        var entry = JsonDocument.Parse(file.AsMemory(8, header)).RootElement.GetProperty(name);
        int[] range = entry.GetProperty("data_offsets").Deserialize<int[]>()!;
        var bytes = file.AsSpan(8 + header + range[0], range[1] - range[0]);
        return entry.GetProperty("dtype").GetString() == "F64"
            ? MemoryMarshal.Cast<byte, double>(bytes).ToArray()
            : Array.ConvertAll(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), value => (double)value);
    }

    private static void AssertClose(double[] expected, double[] actual, double within)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= within, $"[{i}]: expected {expected[i]:R}, found {actual[i]:R}");
    }
}
