namespace Serverless.Testing;

/// <summary>A clock that a test moves.</summary>
public sealed class TestClock : TimeProvider
{
    private readonly DateTimeOffset start = DateTimeOffset.UtcNow;

    public TimeSpan Elapsed { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => start + Elapsed;

    public override long GetTimestamp() => Elapsed.Ticks;
}
