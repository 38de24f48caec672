namespace Steering.Tests.Templates;

/// <summary>A clock that stands still, in UTC.</summary>
internal sealed class PinnedClock(DateTimeOffset now) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => now;
}
