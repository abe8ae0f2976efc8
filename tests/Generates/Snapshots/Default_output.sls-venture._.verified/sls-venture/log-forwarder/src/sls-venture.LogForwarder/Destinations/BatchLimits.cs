namespace sls_venture.LogForwarder;

/// <summary>How much a destination takes in one request.</summary>
/// <param name="Bytes">The longest body, in bytes before compression.</param>
/// <param name="Entries">The most entries.</param>
/// <param name="EntryBytes">The longest entry, in bytes before compression; a longer line is sent in parts.</param>
public readonly record struct BatchLimits(int Bytes, int Entries, int EntryBytes);
