namespace Company.Forwarder._1;

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

    /// <summary>The destination refuses some entries for good, and says neither which nor how many. It may have the others.</summary>
    /// <param name="Reason">What it said, in a few words.</param>
    /// <param name="MayBeSentAgain">Whether halves may be sent again to find out; otherwise all entries count as refused.</param>
    public sealed record Unclear(string Reason, bool MayBeSentAgain) : Verdict;

    /// <summary>The destination has judged each entry by itself. It has those that are in neither list.</summary>
    /// <param name="Refused">Those that it refuses for good, by their place in the batch, from 0.</param>
    /// <param name="Again">Those that it may take when they are sent again.</param>
    /// <param name="Refusal">What it said of one that it refuses, in a few words.</param>
    /// <param name="Reason">What it said of one that it may take later.</param>
    public sealed record Each(IReadOnlyList<int> Refused, IReadOnlyList<int> Again, string Refusal, string Reason) : Verdict;

    /// <summary>The credentials are not valid, or no longer.</summary>
    public sealed record Unauthorized : Verdict;

    /// <summary>The destination refuses the request, whatever is in it, and would refuse it again: someone has to change a setting.</summary>
    /// <param name="Reason">What it said, in a few words.</param>
    public sealed record Rejected(string Reason) : Verdict;
}
