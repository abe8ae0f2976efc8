using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Amazon.Lambda.CloudWatchLogsEvents;

namespace Company.Forwarder._1;

/// <summary>The envelope's JSON, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(CloudWatchLogsEvent))]
public sealed partial class CloudWatchLogsJson : JsonSerializerContext;

/// <summary>
/// What CloudWatch Logs hands to Lambda: <c>{"awslogs": {"data": "&lt;base64 of gzipped JSON&gt;"}}</c>. It has been read once
/// to its end, so it is complete, and what only its end tells is known: the trace of each request.
/// </summary>
public sealed class SubscriptionEvent : IDisposable
{
    private const string Form = """expected {"awslogs":{"data":"<base64 of gzipped JSON>"}}""";

    private readonly ReadOnlyMemory<byte> gzip;
    private readonly Dictionary<Guid, byte[]> traces = [];

    // Null: there is too much of it.
    private KeptLogEvents? kept;

    private SubscriptionEvent(ReadOnlyMemory<byte> gzip, LogEventReader events)
    {
        this.gzip = gzip;
        // Gzip ends with the number of bytes before compression, of which the log events are the most.
        kept = new KeptLogEvents(gzip.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(gzip.Span[^sizeof(uint)..]));
        // Most lines with a trace are of the request that the line before was of, and there is nothing to learn from them.
        var known = "no request"u8.ToArray();
        while (events.Read())
        {
            LineCount++;
            if (RequestTrace.MayBeIn(events.EscapedMessage) && events.EscapedMessage.IndexOf(known) < 0)
                known = Learn(events) ?? known;
            if (kept?.TryAdd(events) == false)
                Dispose();
        }

        IsControlMessage = events.MessageType == "CONTROL_MESSAGE";
        if (!IsControlMessage && (!events.HasEvents || events.LogGroup is null))
            throw new MalformedEventException(
                "The JSON in the event's awslogs.data has no logEvents or no logGroup; expected what CloudWatch Logs sends to a subscription.");
        (Account, LogGroup, LogStream) = (events.Owner ?? "", events.LogGroup ?? "", events.LogStream ?? "");
        IsOfAccountPolicy = events.PolicyLevel == "ACCOUNT_LEVEL_POLICY";
    }

    /// <summary>Whether CloudWatch Logs only checks that the forwarder can be reached. Such an event holds no logged line.</summary>
    public bool IsControlMessage { get; }

    /// <summary>
    /// Whether the account's subscription policy sent it, not a log group's own filter.
    /// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters-AccountLevel.html
    /// </summary>
    public bool IsOfAccountPolicy { get; }

    /// <summary>Whether lines of a request come before and after those of another: the environment serves several at a time.</summary>
    public bool IsInterleaved { get; private set; }

    /// <summary>The account that the log group belongs to, 12 digits.</summary>
    public string Account { get; }

    /// <summary>The log group's name.</summary>
    public string LogGroup { get; }

    /// <summary>The log stream's name.</summary>
    public string LogStream { get; }

    /// <summary>How many bytes of text the log events have, as far as they are kept in memory.</summary>
    public int KeptBytes => kept?.Length ?? 0;

    /// <summary>How many log events there are.</summary>
    public int LineCount { get; }

    /// <summary>Reads the envelope.</summary>
    /// <param name="json">It, in a stream that knows its length.</param>
    /// <returns>A <see cref="DecodedEvent"/>, to be disposed, if it is written as Lambda writes it.</returns>
    /// <exception cref="MalformedEventException">It is not in the form above.</exception>
    public static CloudWatchLogsEvent ReadEnvelope(Stream json)
    {
        ArgumentNullException.ThrowIfNull(json);
        var length = (int)(json.Length - json.Position);
        var buffer = PooledBuffer.LargeArrays.Rent(length);
        try
        {
            json.ReadExactly(buffer, 0, length);
            var bytes = buffer.AsSpan(0, length);
            // The file of a local run may start with the mark of UTF-8.
            if (bytes.StartsWith(Encoding.UTF8.Preamble))
                bytes = bytes[Encoding.UTF8.Preamble.Length..];
            return DecodedEvent.TryDecode(bytes) ?? ReadEnvelope(bytes);
        }
        finally
        {
            PooledBuffer.LargeArrays.Return(buffer);
        }
    }

    /// <inheritdoc cref="ReadEnvelope(Stream)"/>
    public static CloudWatchLogsEvent ReadEnvelope(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, CloudWatchLogsJson.Default.CloudWatchLogsEvent) ?? throw NotTheForm();
        }
        catch (JsonException)
        {
            throw NotTheForm();
        }
    }

    /// <summary>Decodes and checks an event.</summary>
    /// <param name="envelope">The event. Its <c>DecodeData</c> would hold the whole text in memory; this reads it as a stream.</param>
    /// <exception cref="MalformedEventException">It is not in the form above.</exception>
    public static SubscriptionEvent Read(CloudWatchLogsEvent envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        if (envelope is DecodedEvent decoded)
            return Read(decoded.Gzip, isPlain: false);
        var base64 = envelope.Awslogs?.EncodedData ?? throw new MalformedEventException($"The event has no awslogs.data; {Form}.");
        var gzip = new byte[base64.Length / 4 * 3 + 3];
        if (!Convert.TryFromBase64String(base64, gzip, out var length) || length == 0)
            throw new MalformedEventException($"The event's awslogs.data is empty or not base64; {Form}.");
        return Read(gzip.AsMemory(0, length), isPlain: false);
    }

    /// <summary>Reads the log events, from the first on.</summary>
    public LogEvents OpenEvents() => kept is null ? new LogEventReader(gzip) : kept.Open();

    /// <inheritdoc/>
    public void Dispose()
    {
        kept?.Dispose();
        kept = null;
    }

    private static SubscriptionEvent Read(ReadOnlyMemory<byte> gzip, bool isPlain)
    {
        using var events = new LogEventReader(gzip, isPlain);
        try
        {
            return new SubscriptionEvent(gzip, events);
        }
        catch (MalformedEventException) when (!isPlain)
        {
            // Once more, to tell where in the document something is wrong.
            return Read(gzip, isPlain: true);
        }
    }

    /// <summary>The trace id of a request, if a line of this event tells it: <c>1-&lt;8 hex&gt;-&lt;24 hex&gt;</c>; otherwise empty.</summary>
    public ReadOnlySpan<byte> TraceOf(Guid request) => traces.TryGetValue(request, out var trace) ? trace : default;

    // Returns the request id of the line, if the trace of that request is known now.
    private byte[]? Learn(LogEventReader events)
    {
        var message = events.Message;
        if (!RequestTrace.MayNameRequest(message))
            return null;
        var fields = LineFields.Read(message);
        if (fields.TraceId.IsEmpty || !RequestTrace.TryParseRequestId(fields.RequestId, out var request))
            return null;
        if (!traces.TryAdd(request, fields.TraceId.ToArray()) && fields.IsOfRuntime)
            IsInterleaved = true;
        return fields.RequestId.ToArray();
    }

    private static MalformedEventException NotTheForm() => new($"The event is not JSON of the form of CloudWatch Logs; {Form}.");
}
