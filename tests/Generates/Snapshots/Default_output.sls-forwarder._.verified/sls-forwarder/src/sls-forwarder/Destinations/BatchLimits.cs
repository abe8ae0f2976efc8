namespace sls_forwarder;

/// <summary>How much a destination takes in one request.</summary>
/// <param name="Bytes">The longest body, in bytes before compression.</param>
/// <param name="Entries">The most entries.</param>
/// <param name="EntryBytes">The longest entry, in bytes before compression; a longer line is cut.</param>
public readonly record struct BatchLimits(int Bytes, int Entries, int EntryBytes);
