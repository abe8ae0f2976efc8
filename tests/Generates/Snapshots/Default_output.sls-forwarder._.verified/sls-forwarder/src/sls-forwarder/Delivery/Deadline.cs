namespace sls_forwarder;

/// <summary>The moment by which the forwarder must be done, early enough to still report what it could not do.</summary>
public readonly struct Deadline(TimeSpan remaining)
{
    private readonly long ends = Environment.TickCount64 + (long)remaining.TotalMilliseconds;

    /// <summary>The time left; negative when it is over.</summary>
    public TimeSpan Remaining => TimeSpan.FromMilliseconds(ends - Environment.TickCount64);

    /// <summary>How long something may take that may take so long by itself: until the deadline, but a millisecond at the least.</summary>
    public TimeSpan AtMost(TimeSpan time) =>
        TimeSpan.FromMilliseconds(Math.Clamp(Remaining.TotalMilliseconds, 1, time.TotalMilliseconds));
}
