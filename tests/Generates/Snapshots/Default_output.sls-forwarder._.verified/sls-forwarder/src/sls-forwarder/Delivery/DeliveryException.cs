namespace sls_forwarder;

/// <summary>
/// Some lines of an event did not reach the destination; the others did. It makes the invocation fail, so that Lambda tries the
/// event twice more and then hands it to the failure destination.
/// </summary>
public sealed class DeliveryException(int undelivered, int shipped, string reason, bool isStopped)
    : Exception($"{undelivered} of {undelivered + shipped} lines were not delivered: {reason}")
{
    /// <summary>How many lines the destination does not have, as far as can be told.</summary>
    public int Undelivered => undelivered;

    /// <summary>How many lines it has.</summary>
    public int Shipped => shipped;

    /// <summary>Why, in a few words.</summary>
    public string Reason => reason;

    /// <summary>Whether sending other events is of no use now either: see <see cref="BatchSender.IsStopped"/>.</summary>
    public bool IsStopped => isStopped;
}
