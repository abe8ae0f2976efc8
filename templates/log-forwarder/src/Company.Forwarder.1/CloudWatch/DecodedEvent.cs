using System.Buffers;
using System.Buffers.Text;
using Amazon.Lambda.CloudWatchLogsEvents;

namespace Company.Forwarder._1;

/// <summary>An event whose data was decoded from the bytes that came, into a pooled array: no string of a megabyte is made for it.</summary>
public sealed class DecodedEvent : CloudWatchLogsEvent, IDisposable
{
    private byte[] buffer;

    private DecodedEvent(byte[] buffer, int length) => (this.buffer, Gzip) = (buffer, buffer.AsMemory(0, length));

    /// <summary>The decoded <c>awslogs.data</c>, until the event is disposed. <see cref="CloudWatchLogsEvent.Awslogs"/> is not set.</summary>
    public ReadOnlyMemory<byte> Gzip { get; private set; }

    /// <summary>Decodes an event that is written as Lambda hands it over, <c>{"awslogs":{"data":"…"}}</c> and no byte more.</summary>
    /// <returns>Null: it is written in another way, or is no event.</returns>
    public static DecodedEvent? TryDecode(ReadOnlySpan<byte> json)
    {
        var start = "{\"awslogs\":{\"data\":\""u8;
        var end = "\"}}"u8;
        if (json.Length <= start.Length + end.Length || !json.StartsWith(start) || !json.EndsWith(end))
            return null;
        var base64 = json[start.Length..^end.Length];
        // The decoder passes over blanks and line breaks, which JSON does not allow there.
        if (base64.ContainsAnyInRange((byte)0, (byte)' '))
            return null;
        var buffer = PooledBuffer.LargeArrays.Rent(Base64.GetMaxDecodedFromUtf8Length(base64.Length));
        if (Base64.DecodeFromUtf8(base64, buffer, out _, out var length) == OperationStatus.Done)
            return new DecodedEvent(buffer, length);
        PooledBuffer.LargeArrays.Return(buffer);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (buffer.Length == 0)
            return;
        PooledBuffer.LargeArrays.Return(buffer);
        buffer = [];
        Gzip = default;
    }
}
