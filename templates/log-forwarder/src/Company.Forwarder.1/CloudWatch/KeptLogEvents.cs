using System.Runtime.InteropServices;

namespace Company.Forwarder._1;

/// <summary>
/// The log events of an event, unpacked and kept in memory, so that they are unpacked and parsed once although they are read twice. Events
/// with more text than <see cref="MostBytes"/> are not kept: gzip packs 600 MB into what Lambda takes.
/// </summary>
/// <param name="size">How many bytes there will be, as far as that is known.</param>
public sealed class KeptLogEvents(long size) : IDisposable
{
    /// <summary>The most bytes that are kept: ten thousand lines of some length, and a sixteenth of the memory of the smallest function.</summary>
    public const int MostBytes = 8 << 20;

    // One after the other: the header, the id, the message.
    private byte[] bytes = PooledBuffer.LargeArrays.Rent((int)Math.Clamp(size, 4096, MostBytes));
    private int length;

    /// <summary>How many bytes they take.</summary>
    public int Length => length;

    /// <summary>Keeps the log event at hand.</summary>
    /// <returns>Whether there was room for it.</returns>
    public bool TryAdd(LogEvents events)
    {
        ArgumentNullException.ThrowIfNull(events);
        var id = events.Id;
        var message = events.Message;
        var header = new Header(events.Timestamp, id.Length, message.Length);
        var end = length + Header.Size + id.Length + message.Length;
        if (end > MostBytes)
            return false;
        if (end > bytes.Length)
            Grow(end);
        var free = bytes.AsSpan(length);
        MemoryMarshal.Write(free, header);
        id.CopyTo(free[Header.Size..]);
        message.CopyTo(free[(Header.Size + id.Length)..]);
        length = end;
        return true;
    }

    /// <summary>Reads them, from the first on.</summary>
    public LogEvents Open() => new Reader(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        PooledBuffer.LargeArrays.Return(bytes);
        bytes = [];
        length = 0;
    }

    private void Grow(int size)
    {
        var larger = PooledBuffer.LargeArrays.Rent(Math.Min(Math.Max(size, bytes.Length * 2), MostBytes));
        bytes.AsSpan(0, length).CopyTo(larger);
        PooledBuffer.LargeArrays.Return(bytes);
        bytes = larger;
    }

    private readonly record struct Header(long Timestamp, int IdLength, int MessageLength)
    {
        public const int Size = 16;
    }

    private sealed class Reader(KeptLogEvents kept) : LogEvents
    {
        private int id;
        private int message;
        private int end;

        public override ReadOnlySpan<byte> Id => kept.bytes.AsSpan(id..message);

        public override ReadOnlySpan<byte> Message => kept.bytes.AsSpan(message..end);

        public override bool Read()
        {
            if (end == kept.length)
                return false;
            var header = MemoryMarshal.Read<Header>(kept.bytes.AsSpan(end));
            Timestamp = header.Timestamp;
            id = end + Header.Size;
            message = id + header.IdLength;
            end = message + header.MessageLength;
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            // The bytes are the event's.
        }
    }
}
