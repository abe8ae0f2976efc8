namespace sls_venture.LogForwarder;

/// <summary>
/// The moment by which the forwarder must be done, early enough to still report what it could not do. It comes sooner when Lambda shuts
/// the environment down.
/// </summary>
public readonly struct Deadline(TimeSpan remaining, CancellationToken shutdown = default)
{
    private readonly long ends = Environment.TickCount64 + (long)remaining.TotalMilliseconds;

    /// <summary>The time left; zero or negative when it is over.</summary>
    public TimeSpan Remaining => IsShutDown ? TimeSpan.Zero : TimeSpan.FromMilliseconds(ends - Environment.TickCount64);

    /// <summary>Whether the environment is being shut down.</summary>
    public bool IsShutDown => shutdown.IsCancellationRequested;

    /// <summary>Why the time is over.</summary>
    public string Reason => IsShutDown ? "Lambda shuts the environment down" : "the invocation's time is over";

    /// <summary>A token that is cancelled after a time, or at the deadline if that is sooner, but not within the first millisecond.</summary>
    public CancellationTokenSource Timeout(TimeSpan time)
    {
        var timeout = CancellationTokenSource.CreateLinkedTokenSource(shutdown);
        timeout.CancelAfter(TimeSpan.FromMilliseconds(Math.Clamp(Remaining.TotalMilliseconds, 1, time.TotalMilliseconds)));
        return timeout;
    }

    /// <summary>Waits, but no longer than until the environment is shut down.</summary>
    public async Task DelayAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, shutdown);
        }
        catch (OperationCanceledException)
        {
            // The caller sees that no time is left.
        }
    }
}
