namespace Company.Forwarder._1;

/// <summary>
/// Entries on their way, one body after the other in one pooled array. Entries that no longer fit are at its end and become the first of
/// the next batch, so that they are written once.
/// </summary>
/// <param name="limits">How much of it can be shipped at a time.</param>
/// <param name="size">How many bytes all the entries will have, as far as that is known: it is not copied while it grows.</param>
public sealed class Batch(BatchLimits limits, long size = 0) : PooledBuffer((int)Math.Clamp(size, 64 << 10, Math.Max(limits.Bytes, 64 << 10)))
{
    private readonly List<int> ends = [];
    // For each entry the line that it is or is a part of, and whether it is the last part.
    private readonly List<(int Line, bool IsLast)> lines = [];

    /// <summary>How many entries can be shipped now: as many as fit, but at least one.</summary>
    public int Count
    {
        get
        {
            var count = Math.Min(ends.Count, limits.Entries);
            while (count > 1 && ends[count - 1] > limits.Bytes)
                count--;
            return count;
        }
    }

    /// <summary>Whether an entry was written that does not fit.</summary>
    public bool IsFull => ends.Count > 1 && (ends[^1] > limits.Bytes || ends.Count > limits.Entries);

    /// <summary>How many bytes have been written since the last entry.</summary>
    public int EntryLength => Length - EntryStart;

    private int EntryStart => ends.Count == 0 ? 0 : ends[^1];

    /// <summary>Ends an entry: what has been written since the last one.</summary>
    /// <param name="line">The line that it is, or is a part of, by its place in the event.</param>
    /// <param name="isLast">Whether the line ends with it.</param>
    public void EndEntry(int line, bool isLast = true)
    {
        ends.Add(Length);
        lines.Add((line, isLast));
    }

    /// <summary>The line that an entry is, or is a part of, and whether it ends with it.</summary>
    public (int Line, bool IsLast) LineOf(int entry) => lines[entry];

    /// <summary>Drops what has been written since the last entry.</summary>
    public void DropEntry() => Truncate(EntryStart);

    /// <summary>The body of some entries.</summary>
    public ReadOnlyMemory<byte> Body(int first, int count)
    {
        var start = first == 0 ? 0 : ends[first - 1];
        return Written[start..(count == 0 ? start : ends[first + count - 1])];
    }

    /// <summary>Drops what could be shipped. Entries that did not fit stay.</summary>
    public void Clear()
    {
        var count = Count;
        var start = count == 0 ? 0 : ends[count - 1];
        RemoveStart(start);
        ends.RemoveRange(0, count);
        lines.RemoveRange(0, count);
        for (var entry = 0; entry < ends.Count; entry++)
            ends[entry] -= start;
    }
}
