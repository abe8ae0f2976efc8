namespace Company.Forwarder._1;

/// <summary>The compressed body of a request, in one buffer that every batch of an event is compressed into.</summary>
public sealed class BodyStream : Stream
{
    private readonly PooledBuffer body = new(64 << 10);

    /// <summary>What has been written.</summary>
    public ReadOnlyMemory<byte> Written => body.Written;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => body.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => body.Length;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => body.Truncate((int)value);

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer) => body.Write(buffer);

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
        if (disposing)
            body.Dispose();
        base.Dispose(disposing);
    }
}
