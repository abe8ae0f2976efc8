using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace sls_forwarder;

/// <summary>
/// What CloudWatch Logs hands to Lambda: <c>{"awslogs": {"data": "&lt;base64 of gzipped JSON&gt;"}}</c>. It has been read once
/// to its end, so it is whole, and what can only be known at its end is known: the trace of each request.
/// </summary>
public sealed class SubscriptionEvent
{
    private const string Form = """expected: {"awslogs":{"data":"<base64 of gzipped JSON>"}}""";

    private readonly ReadOnlyMemory<byte> gzip;
    private readonly Dictionary<Guid, byte[]> traces = [];

    private SubscriptionEvent(ReadOnlyMemory<byte> gzip)
    {
        this.gzip = gzip;
        using var events = OpenEvents();
        // Most lines with a trace are of the request that the line before was of, and there is nothing to learn from them.
        var known = "no request"u8.ToArray();
        while (events.Read())
        {
            LineCount++;
            if (RequestTrace.MayBeIn(events.EscapedMessage) && events.EscapedMessage.IndexOf(known) < 0)
                known = Learn(events) ?? known;
        }

        IsControlMessage = events.MessageType == "CONTROL_MESSAGE";
        if (!IsControlMessage && (!events.HasEvents || events.LogGroup is null))
            throw new MalformedEventException(
                "The JSON in the event's awslogs.data has no logEvents or no logGroup; expected is what CloudWatch Logs sends to a subscription.");
        (Account, LogGroup, LogStream) = (events.Owner ?? "", events.LogGroup ?? "", events.LogStream ?? "");
    }

    /// <summary>CloudWatch Logs asking whether the forwarder can be reached. Nobody logged what it holds.</summary>
    public bool IsControlMessage { get; }

    /// <summary>The account that the log group belongs to, 12 digits.</summary>
    public string Account { get; }

    /// <summary>The log group's name.</summary>
    public string LogGroup { get; }

    /// <summary>The log stream's name.</summary>
    public string LogStream { get; }

    /// <summary>How many log events there are.</summary>
    public int LineCount { get; }

    /// <summary>Decodes and checks an event.</summary>
    /// <param name="json">The event. It is overwritten: its base64 is decoded in place.</param>
    /// <exception cref="MalformedEventException">It is not in the form above.</exception>
    public static SubscriptionEvent Read(Memory<byte> json)
    {
        var (start, length) = FindData(json.Span);
        var data = json.Slice(start, length);

        // An encoder may write each slash of base64 as \/.
        if (data.Span.Contains((byte)'\\'))
        {
            var unescaped = ArrayPool<byte>.Shared.Rent(length);
            length = JsonString.Unescape(data.Span, ref unescaped);
            unescaped.AsSpan(0, length).CopyTo(data.Span);
            ArrayPool<byte>.Shared.Return(unescaped);
            data = data[..length];
        }

        if (Base64.DecodeFromUtf8InPlace(data.Span, out var decoded) != OperationStatus.Done || decoded == 0)
            throw new MalformedEventException($"The event's awslogs.data is empty or not base64; {Form}.");
        return new SubscriptionEvent(data[..decoded]);
    }

    /// <summary>Reads the log events, from the first on.</summary>
    public LogEventReader OpenEvents() => new(gzip);

    /// <summary>The trace id of a request, if a line of this event tells it: <c>1-&lt;8 hex&gt;-&lt;24 hex&gt;</c>; else empty.</summary>
    public ReadOnlySpan<byte> TraceOf(Guid request) => traces.TryGetValue(request, out var trace) ? trace : default;

    // Returns the request id of the line, if the trace of that request is known now.
    private byte[]? Learn(LogEventReader events)
    {
        var fields = LineFields.Read(events.TakeMessage());
        if (fields.TraceId.IsEmpty || !RequestTrace.TryParseRequestId(fields.RequestId, out var request))
            return null;
        traces.TryAdd(request, fields.TraceId.ToArray());
        return fields.RequestId.ToArray();
    }

    private static (int Start, int Length) FindData(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            var data = (0, 0);
            var isFound = false;
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new MalformedEventException($"The event is no JSON object; {Form}.");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isLogs = reader.ValueTextEquals("awslogs"u8);
                reader.Read();
                if (!isLogs || reader.TokenType != JsonTokenType.StartObject)
                {
                    reader.Skip();
                    continue;
                }
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isData = reader.ValueTextEquals("data"u8);
                    reader.Read();
                    if (isData && reader.TokenType == JsonTokenType.String)
                    {
                        // The token starts at its quote.
                        data = ((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                        isFound = true;
                    }
                    else
                        reader.Skip();
                }
            }
            return isFound ? data : throw new MalformedEventException($"The event has no awslogs.data; {Form}.");
        }
        catch (JsonException e)
        {
            throw new MalformedEventException($"The event is not whole JSON (line {e.LineNumber}, byte {e.BytePositionInLine}); {Form}.");
        }
    }
}
