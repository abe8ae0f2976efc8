namespace sls_venture.LogForwarder;

/// <summary>What a destination's answer to a batch means for the entries in it.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>The destination has them all: it says so in the way that its own documentation describes.</summary>
    public sealed record Delivered : Verdict;

    /// <summary>It is not certain that the destination has them all, and it may take them when they are sent again.</summary>
    /// <param name="Reason">What it said, in a few words.</param>
    public sealed record Retry(string Reason) : Verdict;

    /// <summary>The body is larger than the destination takes. It has none of them.</summary>
    public sealed record Split : Verdict;

    /// <summary>The destination has the entries before this one, refuses this one for good, and has not looked at those after it.</summary>
    /// <param name="Entry">The entry's place in the batch, from 0.</param>
    /// <param name="Reason">What it said, in a few words.</param>
    public sealed record EntryRefused(int Entry, string Reason) : Verdict;

    /// <summary>The destination refuses some entries for good, does not say which, and has the others.</summary>
    /// <param name="Entries">How many it refuses, from 1 on.</param>
    /// <param name="Reason">What it said, in a few words.</param>
    public sealed record SomeRefused(int Entries, string Reason) : Verdict;

    /// <summary>The credentials are not valid, or no longer.</summary>
    public sealed record Unauthorized : Verdict;

    /// <summary>The destination refuses the request, whatever is in it, and would refuse it again: someone has to change a setting.</summary>
    /// <param name="Reason">What it said, in a few words.</param>
    public sealed record Rejected(string Reason) : Verdict;
}
