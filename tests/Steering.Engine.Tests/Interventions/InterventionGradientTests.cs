using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class InterventionGradientTests
{
    private const int Width = 24;

    [Theory]
    [MemberData(nameof(OperationCase.All), MemberType = typeof(OperationCase))]
    public void Vector_jacobian_products_agree_with_central_differences(OperationCase operation)
    {
        var random = new Random(17);
        for (int trial = 0; trial < 12; trial++)
        {
            // Both sides start from the same f32 values, so that only the product's own rounding differs.
            float[] h = RandomRows.Floats(random, Width), upstream = RandomRows.Floats(random, Width);
            float[] values = [.. operation.Directions(random, Width).SelectMany(row => row)];
            float[] gradient = [.. upstream];

            InterventionGradient.Vjp(
                h, gradient, operation.Operation, new DirectionTensor(operation.Rows, Width, values), operation.Coefficient, operation.Parameters, operation.TimesTokenNorm, operation.Renormalise);

            double[] expected = Differences(Doubles(h), Doubles(upstream), operation, [.. Doubles(values).Chunk(Width)]);
            double largest = expected.Max(Math.Abs);
            for (int i = 0; i < Width; i++)
                Assert.True(Math.Abs(expected[i] - gradient[i]) <= 1e-6 * largest, $"trial {trial} [{i}]: expected {expected[i]:R}, found {gradient[i]:R}");
        }
    }

    [Theory]
    [MemberData(nameof(OperationCase.All), MemberType = typeof(OperationCase))]
    public void Coefficient_0_passes_the_gradient_through(OperationCase operation)
    {
        float[] upstream = RandomRows.Floats(new Random(5), Width), gradient = [.. upstream];
        float[] values = [.. operation.Directions(new Random(6), Width).SelectMany(row => row)];

        InterventionGradient.Vjp(
            RandomRows.Floats(new Random(7), Width), gradient, operation.Operation, new DirectionTensor(operation.Rows, Width, values), 0, operation.Parameters, operation.TimesTokenNorm, operation.Renormalise);

        Assert.Equal(upstream, gradient);
    }

    [Fact]
    public void A_row_that_a_rotation_leaves_alone_passes_the_gradient_through()
    {
        float[] gradient = [1, 2, 3];

        InterventionGradient.Vjp([0, 0, 5], gradient, Operation.Rotate, new DirectionTensor(2, 3, [1, 0, 0, 0, 1, 0]), 1,
            new OperationParameters { Rotation = RotationMode.To, ToDegrees = 30 }, false, Renormalise.None);

        Assert.Equal([1, 2, 3], gradient);
    }

    [Fact]
    public void A_row_without_projection_passes_the_gradient_through()
    {
        float[] gradient = [1, 2, 3];

        InterventionGradient.Vjp([0, 0, 5], gradient, Operation.ProjectBoost, new DirectionTensor(2, 3, [1, 0, 0, 0, 1, 0]), 1, OperationParameters.None, false, Renormalise.None);

        Assert.Equal([1, 2, 3], gradient);
    }

    [Fact]
    public void The_gradient_of_a_zero_row_is_finite()
    {
        float[] gradient = [1, 2, 3];

        InterventionGradient.Vjp([0, 0, 0], gradient, Operation.Add, new DirectionTensor(1, 3, [1, 0, 0]), 0.5, OperationParameters.None, true, Renormalise.Token);

        Assert.All(gradient, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void The_product_of_a_planned_edit_is_that_of_its_parts()
    {
        var edit = Recipe.Compile(Recipe.Use(Recipe.Vector("resid_post.1"), strength: 0.5) with { Renormalise = Renormalise.Token }).Edits[0];
        float[] h = RandomRows.Floats(new Random(8), Recipe.Hidden), first = RandomRows.Floats(new Random(9), Recipe.Hidden), second = [.. first];

        InterventionGradient.Vjp(h, first, edit, edit.CoefficientAt(0, 0, 1));
        InterventionGradient.Vjp(h, second, Operation.Add, edit.Directions, 0.5, OperationParameters.None, false, Renormalise.Token);

        Assert.Equal(second, first);
    }

    private static double[] Differences(double[] h, double[] upstream, OperationCase operation, double[][] directions)
    {
        const double step = 1e-5;
        double[] result = new double[h.Length];
        for (int i = 0; i < h.Length; i++)
        {
            double Loss(double by)
            {
                double[] moved = [.. h];
                moved[i] += by;
                return ReferenceIntervention.Dot(upstream, ReferenceIntervention.Apply(
                    moved, operation.Operation, directions, operation.Coefficient, operation.Parameters, operation.TimesTokenNorm, operation.Renormalise));
            }
            // Fourth order: the error of the difference is far below that of the product.
            result[i] = (8 * (Loss(step) - Loss(-step)) - (Loss(2 * step) - Loss(-2 * step))) / (12 * step);
        }
        return result;
    }

    private static double[] Doubles(float[] values) => Array.ConvertAll(values, value => (double)value);
}
