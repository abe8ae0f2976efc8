namespace Company.Forwarder._1;

/// <summary>How much a destination takes in one request.</summary>
/// <param name="Bytes">The longest body, in bytes before compression.</param>
/// <param name="Entries">The most entries.</param>
/// <param name="EntryBytes">The longest entry, in bytes before compression; a longer line is sent in parts.</param>
public readonly record struct BatchLimits(int Bytes, int Entries, int EntryBytes)
{
    /// <summary>What is left of it for the entries when something stands around them.</summary>
    public BatchLimits Within(Envelope? envelope) =>
        envelope is null ? this : this with { Bytes = Bytes - envelope.Length, EntryBytes = Math.Min(EntryBytes, Bytes - envelope.Length) };
}
