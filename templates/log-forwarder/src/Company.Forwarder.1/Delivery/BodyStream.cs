using System.Buffers;

namespace Company.Forwarder._1;

/// <summary>The compressed body of a request, in one pooled array that every batch of an event is compressed into.</summary>
public sealed class BodyStream : Stream
{
    private byte[] body = ArrayPool<byte>.Shared.Rent(64 << 10);
    private int length;

    /// <summary>What has been written.</summary>
    public ReadOnlyMemory<byte> Written => body.AsMemory(0, length);

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position
    {
        get => length;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => length = (int)value;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (body.Length - length < buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(body.Length * 2, length + buffer.Length));
            Written.Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(body);
            body = larger;
        }
        buffer.CopyTo(body.AsSpan(length));
        length += buffer.Length;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
        // It goes nowhere else.
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && body.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(body);
            body = [];
            length = 0;
        }
        base.Dispose(disposing);
    }
}
