namespace Company.Forwarder._1;

/// <summary>
/// What stands around the entries of a body, for a destination that takes them as members of one JSON array. Each entry then ends with a
/// comma, and the last one's is left out.
/// </summary>
/// <param name="Start">Up to the bracket that opens the array.</param>
/// <param name="End">From the bracket that closes it on.</param>
public sealed record Envelope(ReadOnlyMemory<byte> Start, ReadOnlyMemory<byte> End)
{
    /// <summary>How many bytes it adds to a body.</summary>
    public int Length => Start.Length + End.Length;
}
