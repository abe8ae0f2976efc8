namespace sls_forwarder;

/// <summary>What a destination's answer to a batch means for the lines in it.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>The destination has them all.</summary>
    public sealed record Delivered : Verdict;

    /// <summary>It is not certain that the destination has them all, and it may take them when they are sent again.</summary>
    /// <param name="Reason">What it said, in a few words.</param>
    public sealed record Retry(string Reason) : Verdict;

    /// <summary>The body is larger than the destination takes.</summary>
    public sealed record Split : Verdict;

    /// <summary>The destination has the entries before this one, refuses this one, and has not looked at those after it.</summary>
    /// <param name="Entry">The entry's place in the batch, from 0.</param>
    /// <param name="Reason">What it said, in a few words.</param>
    public sealed record EntryRejected(int Entry, string Reason) : Verdict;

    /// <summary>The credentials are not, or no longer, good.</summary>
    public sealed record Unauthorized : Verdict;

    /// <summary>The destination refuses some entries, or all, and would again.</summary>
    /// <param name="Entries">How many; it has the others.</param>
    /// <param name="Reason">What it said, in a few words.</param>
    public sealed record Rejected(int Entries, string Reason) : Verdict;
}
