using System.Buffers;

namespace sls_forwarder;

/// <summary>
/// Entries on their way, one body after the other in one pooled array. The entry that no longer fits stands at its end and is the
/// first of the next batch, so that it is written once.
/// </summary>
public sealed class Batch(BatchLimits limits) : IBufferWriter<byte>, IDisposable
{
    private readonly List<int> ends = [];
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
    private int length;

    /// <summary>How many entries can be shipped now.</summary>
    public int Count => IsFull ? ends.Count - 1 : ends.Count;

    /// <summary>Whether an entry was written that does not fit.</summary>
    public bool IsFull => ends.Count > 1 && (ends[^1] > limits.Bytes || ends.Count > limits.Entries);

    /// <summary>How many bytes have been written since the last entry.</summary>
    public int EntryLength => length - EntryStart;

    private int EntryStart => ends.Count == 0 ? 0 : ends[^1];

    /// <summary>Makes what has been written since the last entry one.</summary>
    public void EndEntry() => ends.Add(length);

    /// <summary>Takes back what has been written since the last entry.</summary>
    public void DropEntry() => length = EntryStart;

    /// <summary>The body of some entries.</summary>
    public ReadOnlyMemory<byte> Body(int first, int count)
    {
        var start = first == 0 ? 0 : ends[first - 1];
        return buffer.AsMemory(start, (count == 0 ? start : ends[first + count - 1]) - start);
    }

    /// <summary>Drops what could be shipped. An entry that did not fit stays.</summary>
    public void Clear()
    {
        var start = Count == 0 ? 0 : ends[Count - 1];
        var hasRest = IsFull;
        buffer.AsSpan(start, length - start).CopyTo(buffer);
        length -= start;
        ends.Clear();
        if (hasRest)
            ends.Add(length);
    }

    /// <inheritdoc/>
    public void Advance(int count) => length += count;

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        EnsureSpace(sizeHint);
        return buffer.AsSpan(length);
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureSpace(sizeHint);
        return buffer.AsMemory(length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    private void EnsureSpace(int size)
    {
        size = Math.Max(size, 1);
        if (buffer.Length - length >= size)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, length + size));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
