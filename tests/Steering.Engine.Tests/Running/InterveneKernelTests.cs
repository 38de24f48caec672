using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Engine.Interventions;
using Steering.Engine.Running;
using Steering.Tests.Interventions;

namespace Steering.Tests.Running;

/// <summary>The steering kernel against its double-precision twin, on every kind of kernels this processor has.</summary>
public sealed class InterveneKernelTests
{
    private const int Width = 50;

    public static TheoryData<OperationCase> Cases => OperationCase.All;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_operation_equals_its_twin_and_leaves_other_rows_alone(OperationCase @case)
    {
        foreach (string name in CpuBackend.Names)
        {
            using var bench = Bench.Create(name, rows: 40, seed: 11);
            if (bench is null) continue;
            var expected = bench.Rows();
            for (int row = 1; row < 40; row += 2) expected[row] = bench.Edit(row, @case, expected[row]);
            bench.Run();

            var actual = bench.Rows();
            for (int row = 0; row < 40; row++)
                for (int i = 0; i < Width; i++) Assert.Equal(expected[row][i], actual[row][i], row % 2 == 0 ? 0 : 2e-5);
        }
    }

    [Fact]
    public void Edits_of_a_row_act_in_list_order_however_rows_are_split_over_threads()
    {
        var cases = new List<OperationCase>();
        foreach (OperationCase one in OperationCase.All) cases.Add(one);
        foreach (string name in CpuBackend.Names)
        {
            using var bench = Bench.Create(name, rows: 200, seed: 12);
            if (bench is null) continue;
            var expected = bench.Rows();
            for (int row = 0; row < 200; row++)
                for (int e = 0; e < row % 5; e++) expected[row] = bench.Edit(row, cases[(row * 7 + e * 3) % cases.Count], expected[row]);
            bench.Run();

            var actual = bench.Rows();
            for (int row = 0; row < 200; row++)
                for (int i = 0; i < Width; i++) Assert.Equal(expected[row][i], actual[row][i], 2e-4 * Math.Max(1, Math.Abs(expected[row][i])));
        }
    }

    [Fact]
    public void An_addition_at_strength_one_is_exactly_the_rounded_sum()
    {
        using var bench = Bench.Create("portable", rows: 4, seed: 13)!;
        var before = bench.Rows();
        var vector = bench.AddAt(2, 1);
        bench.Run();

        for (int i = 0; i < Width; i++) Assert.Equal((float)before[2][i] + vector[i], (float)bench.Rows()[2][i]);
    }

    [Fact]
    public void Neighbouring_additions_are_summed_before_they_are_added()
    {
        using var bench = Bench.Create("portable", rows: 1, seed: 14)!;
        var before = bench.Rows();
        var first = bench.AddAt(0, 0.7);
        var second = bench.AddAt(0, -1.3);
        bench.Run();

        for (int i = 0; i < Width; i++) Assert.Equal((float)before[0][i] + (0.7f * first[i] + -1.3f * second[i]), (float)bench.Rows()[0][i]);
    }

    [Fact]
    public void A_rotation_of_a_row_without_a_part_in_the_plane_leaves_it_alone()
    {
        using var bench = Bench.Create("portable", rows: 1, seed: 15, zero: true)!;
        bench.Edit(0, new OperationCase("to", Operation.Rotate, 2, 1, new() { Rotation = RotationMode.To, ToDegrees = 90 }, false, Renormalise.Token), new double[Width]);
        bench.Run();
        Assert.All(bench.Rows()[0], value => Assert.Equal(0, value));
    }

    /// <summary>Rows in native memory, and edits of them as the engine prepares them.</summary>
    private sealed class Bench : IDisposable
    {
        private readonly IKernels _kernels;
        private readonly Arena _arena = new();
        private readonly TensorView _rows;
        private readonly NativeList<Edit> _edits = new();
        private readonly Random _random;

        private Bench(IKernels kernels, int rows, int seed, bool zero)
        {
            _kernels = kernels;
            _random = new Random(seed);
            _rows = _arena.Matrix(rows, Width);
            for (int i = 0; i < rows && !zero; i++) RandomRows.Floats(_random, Width).CopyTo(_rows.Row(i));
        }

        /// <summary>Null where the processor lacks these kernels.</summary>
        public static Bench? Create(string kernels, int rows, int seed, bool zero = false)
        {
            try
            {
                return new Bench(CpuBackend.Create(3, kernels), rows, seed, zero);
            }
            catch (PlatformNotSupportedException)
            {
                return null; // "portable" always remains
            }
        }

        public double[][] Rows() => [.. Enumerable.Range(0, _rows.Rows).Select(i => _rows.Row(i).ToArray().Select(x => (double)x).ToArray())];

        /// <summary>Lists an edit with random directions; returns what the twin makes of <paramref name="h"/>.</summary>
        public double[] Edit(int row, OperationCase c, double[] h)
        {
            float[][] directions = c.Directions(_random, Width);
            List(row, c, [.. directions.SelectMany(d => d)]);
            return ReferenceIntervention.Apply(h, c.Operation, Array.ConvertAll(directions, d => Array.ConvertAll(d, x => (double)x)), c.Coefficient, c.Parameters, c.TimesTokenNorm, c.Renormalise);
        }

        public float[] AddAt(int row, double coefficient)
        {
            var vector = RandomRows.Floats(_random, Width);
            List(row, new OperationCase("add", Operation.Add, 1, coefficient, OperationParameters.None, false, Renormalise.None), vector);
            return vector;
        }

        private void List(int row, OperationCase c, float[] values)
        {
            var plan = new PlannedEdit
            {
                Use = 0,
                Site = new Site(SitePoint.Embed, -1),
                Operation = c.Operation,
                Directions = new DirectionTensor(c.Rows, Width, values),
                CoefficientPerStrength = 1,
                TimesTokenNorm = c.TimesTokenNorm,
                Parameters = c.Parameters,
                Strength = new ScheduledStrength(c.Coefficient, Schedule.Constant),
                Positions = ResolvedPositions.All,
                Renormalise = c.Renormalise,
            };
            int stride = TensorView.Padded(Width); // an edit's directions lie as close as that
            var device = new TensorView(_arena.Matrix(1, c.Rows * stride).Address, c.Rows, Width, stride);
            for (int r = 0; r < c.Rows; r++) values.AsSpan(r * Width, Width).CopyTo(device.Row(r));
            _edits.Add(new PreparedEdit(plan, 0, device.Address, CountsUse: true).At(row, c.Coefficient));
        }

        public void Run() => _kernels.Intervene(_rows, _edits);

        public void Dispose()
        {
            _kernels.Dispose();
            _arena.Dispose();
            _edits.Dispose();
        }
    }
}
