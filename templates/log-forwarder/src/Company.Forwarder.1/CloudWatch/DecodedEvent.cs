using System.Buffers;
using System.Buffers.Text;
using Amazon.Lambda.CloudWatchLogsEvents;

namespace Company.Forwarder._1;

/// <summary>An event whose data was decoded where it came in, in a pooled array: a string and an array of a megabyte each are not made for it.</summary>
public sealed class DecodedEvent : CloudWatchLogsEvent, IDisposable
{
    private byte[] buffer;

    private DecodedEvent(byte[] buffer, ReadOnlyMemory<byte> gzip) => (this.buffer, Gzip) = (buffer, gzip);

    /// <summary>The decoded <c>awslogs.data</c>, until the event is disposed. <see cref="CloudWatchLogsEvent.Awslogs"/> is not set.</summary>
    public ReadOnlyMemory<byte> Gzip { get; private set; }

    /// <summary>Decodes an event that is written as Lambda hands it over, <c>{"awslogs":{"data":"…"}}</c> and no byte more.</summary>
    /// <param name="buffer">An array of the shared pool that starts with the event. It becomes the decoded event's, if there is one.</param>
    /// <param name="length">How long the event is.</param>
    /// <returns>Null: it is written in another way, or is no event. The array is as it was.</returns>
    public static DecodedEvent? TryDecode(byte[] buffer, int length)
    {
        var json = buffer.AsSpan(0, length);
        var start = "{\"awslogs\":{\"data\":\""u8;
        var end = "\"}}"u8;
        if (json.Length <= start.Length + end.Length || !json.StartsWith(start) || !json.EndsWith(end))
            return null;
        var base64 = json[start.Length..^end.Length];
        // Base64 may have blanks and line breaks in it, which JSON does not allow there.
        if (base64.ContainsAnyInRange((byte)0, (byte)' ') || !Base64.IsValid(base64))
            return null;
        Base64.DecodeFromUtf8InPlace(base64, out var decoded);
        return new DecodedEvent(buffer, buffer.AsMemory(start.Length, decoded));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (buffer.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        Gzip = default;
    }
}
