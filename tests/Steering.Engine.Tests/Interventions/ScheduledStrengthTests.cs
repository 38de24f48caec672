using Steering.Engine.Interventions;

namespace Steering.Tests.Interventions;

public class ScheduledStrengthTests
{
    [Theory]
    [InlineData(-7), InlineData(0), InlineData(1), InlineData(1000)]
    public void A_constant_strength_is_the_same_everywhere(int generated) => Assert.Equal(0.7, new ScheduledStrength(0.7, Schedule.Constant).At(generated));

    [Theory]
    [InlineData(-1, 2), InlineData(0, 2), InlineData(1, 1.75), InlineData(2, 1.5), InlineData(4, 1), InlineData(8, 0), InlineData(9, 0), InlineData(int.MaxValue, 0)]
    public void A_linear_schedule_goes_straight_to_its_end_and_stays(int generated, double expected) =>
        Assert.Equal(expected, new ScheduledStrength(2, new Schedule(ScheduleKind.Linear, 0, 8)).At(generated), 1e-15);

    [Theory]
    [InlineData(-1, -8), InlineData(0, -8), InlineData(1, -4), InlineData(2, -2), InlineData(3, -1), InlineData(50, -1)]
    public void An_exponential_schedule_multiplies_by_one_factor_per_token(int generated, double expected) =>
        Assert.Equal(expected, new ScheduledStrength(-8, new Schedule(ScheduleKind.Exponential, -1, 3)).At(generated), 1e-14);

    [Fact]
    public void A_schedule_ends_at_its_end_exactly()
    {
        Assert.Equal(0.1, new ScheduledStrength(0.3, new Schedule(ScheduleKind.Linear, 0.1, 7)).At(7));
        Assert.Equal(0.1, new ScheduledStrength(0.3, new Schedule(ScheduleKind.Exponential, 0.1, 7)).At(7));
    }

    [Fact]
    public void Over_one_token_the_second_generated_token_has_the_end_value()
    {
        var strength = new ScheduledStrength(1, new Schedule(ScheduleKind.Linear, 5, 1));

        Assert.Equal([1.0, 1.0, 5.0, 5.0], new[] { -1, 0, 1, 2 }.Select(strength.At));
    }

    [Theory]
    [InlineData(0, ScheduleKind.Constant, 0, true), InlineData(0, ScheduleKind.Linear, 0, true), InlineData(0, ScheduleKind.Linear, 1, false)]
    [InlineData(1, ScheduleKind.Linear, 0, false), InlineData(1, ScheduleKind.Constant, 0, false)]
    public void Only_a_strength_that_stays_0_is_zero(double start, ScheduleKind kind, double to, bool isZero) =>
        Assert.Equal(isZero, new ScheduledStrength(start, new Schedule(kind, to, 4)).IsZero);
}
