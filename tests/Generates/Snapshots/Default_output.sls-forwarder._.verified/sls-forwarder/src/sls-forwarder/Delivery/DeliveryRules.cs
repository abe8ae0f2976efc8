namespace sls_forwarder;

/// <summary>How long and how often delivery is tried.</summary>
public sealed record DeliveryRules
{
    /// <summary>How long one request may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a batch is sent before it counts as undelivered.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>The longest pause after the first attempt; it doubles with each. The pause itself is chosen at random below it.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause of all, unless the destination asks for a longer one.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How much of the invocation's time is kept to report what was not delivered.</summary>
    public TimeSpan Margin { get; init; } = TimeSpan.FromMilliseconds(1500);
}
