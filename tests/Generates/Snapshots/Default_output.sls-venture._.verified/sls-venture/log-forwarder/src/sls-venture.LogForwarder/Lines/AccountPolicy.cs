namespace sls_venture.LogForwarder;

/// <summary>
/// The account's subscription policy, when the stack has one: it sends the lines of every log group but some. A log group's own filter
/// would bring them a second time, for the two add up, so the events of that filter are left out.
/// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html ("additive")
/// </summary>
public sealed class AccountPolicy
{
    private readonly bool isOn;
    private readonly HashSet<string> excluded;

    private AccountPolicy(bool isOn, IEnumerable<string> excluded)
    {
        this.isOn = isOn;
        this.excluded = new(excluded, StringComparer.Ordinal);
    }

    /// <summary>No policy.</summary>
    public static AccountPolicy None { get; } = new(false, []);

    /// <summary>Reads the settings.</summary>
    /// <param name="allLogGroups">
    /// <c>ALL_LOG_GROUPS</c>: off, overlap (the policy is there, and may not yet have reached every log group) or on.
    /// </param>
    /// <param name="excludedLogGroups"><c>EXCLUDED_LOG_GROUPS</c>: the log groups that the policy leaves out, with commas between them.</param>
    /// <exception cref="SettingException">The first has another value.</exception>
    public static AccountPolicy Parse(string? allLogGroups, string? excludedLogGroups) => allLogGroups switch
    {
        null or "off" or "overlap" => None,
        "on" => new(true, (excludedLogGroups ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
        _ => throw new SettingException($"ALL_LOG_GROUPS is \"{allLogGroups}\"; must be off, overlap or on."),
    };

    /// <summary>Whether the policy sends the lines of a log group.</summary>
    public bool Covers(string logGroup) => isOn && !excluded.Contains(logGroup);
}
