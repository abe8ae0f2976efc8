using System.Buffers;

namespace Company.Forwarder._1;

/// <summary>
/// Bytes in a pooled array that grows with them. A line is written in a dozen pieces: its own <see cref="Write"/>, not the one
/// of <see cref="IBufferWriter{T}"/>, is what the compiler can put in place.
/// </summary>
/// <param name="size">How many bytes there will be, as far as that is known: what is there already is copied each time it grows.</param>
public class PooledBuffer(int size = 1024) : IBufferWriter<byte>, IDisposable
{
    /// <summary>
    /// The pool for what has the size of an event. The shared pool keeps an array of each size for each thread, and an event goes from
    /// thread to thread: there would be several times as many as are needed.
    /// </summary>
    internal static readonly ArrayPool<byte> LargeArrays = ArrayPool<byte>.Create(maxArrayLength: 16 << 20, maxArraysPerBucket: 4);

    private byte[] buffer = LargeArrays.Rent(size);

    /// <summary>How many bytes have been written.</summary>
    public int Length { get; private set; }

    /// <summary>What has been written, until the next byte is.</summary>
    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, Length);

    /// <inheritdoc cref="Written"/>
    public ReadOnlySpan<byte> WrittenSpan => buffer.AsSpan(0, Length);

    /// <summary>Writes bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (buffer.Length - Length < bytes.Length)
            Grow(bytes.Length);
        bytes.CopyTo(buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <inheritdoc/>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        if (buffer.Length - Length < Math.Max(sizeHint, 1))
            Grow(Math.Max(sizeHint, 1));
        return buffer.AsSpan(Length);
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        GetSpan(sizeHint);
        return buffer.AsMemory(Length);
    }

    /// <summary>Drops what comes behind so many bytes.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Drops so many bytes at the start.</summary>
    public void RemoveStart(int bytes)
    {
        buffer.AsSpan(bytes, Length - bytes).CopyTo(buffer);
        Length -= bytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the array back.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing || buffer.Length == 0)
            return;
        LargeArrays.Return(buffer);
        buffer = [];
        Length = 0;
    }

    private void Grow(int size)
    {
        var larger = LargeArrays.Rent(Math.Max(buffer.Length * 2, Length + size));
        WrittenSpan.CopyTo(larger);
        LargeArrays.Return(buffer);
        buffer = larger;
    }
}
