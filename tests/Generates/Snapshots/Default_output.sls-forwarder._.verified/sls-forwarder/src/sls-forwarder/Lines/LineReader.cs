using System.Buffers;

namespace sls_forwarder;

/// <summary>Reads the lines of an event that are to be shipped, with what each tells of itself and what lines before it tell.</summary>
public sealed class LineReader(SubscriptionEvent logs, LogSource source, LinePatterns patterns, bool keepPlatformLines) : IDisposable
{
    private readonly LogEventReader events = logs.OpenEvents();
    private readonly byte[] openRequestId = new byte[RequestTrace.RequestIdLength];
    private Guid openRequest;
    private byte[] redacted = ArrayPool<byte>.Shared.Rent(1024);

    /// <summary>How many lines so far were left out: by a pattern, as a line of the platform, or because there is nothing in them.</summary>
    public int Filtered { get; private set; }

    /// <summary>Goes to the next line that is to be shipped.</summary>
    /// <returns>False when there is none.</returns>
    public bool Read(out LogLine line)
    {
        while (events.Read())
        {
            var text = events.TakeMessage().TrimEnd("\r\n"u8);
            var isKept = patterns.Apply(ref text, ref redacted);
            var fields = LineFields.Read(text);
            var requestId = Follow(fields, out var traceId);
            // There is nothing in an empty line, and a log platform may refuse it.
            if (!isKept || fields.IsPlatform && !keepPlatformLines || !text.ContainsAnyExcept(" \t\r\n"u8))
            {
                Filtered++;
                continue;
            }

            if (fields.IsJson)
                JsonString.MakeSafe(text);
            line = new LogLine
            {
                Text = text,
                IsJson = fields.IsJson,
                Message = fields.Message,
                EventId = events.Id,
                Timestamp = events.Timestamp,
                Level = fields.Level,
                RequestId = requestId,
                TraceId = traceId,
            };
            return true;
        }
        line = default;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        events.Dispose();
        ArrayPool<byte>.Shared.Return(redacted);
        redacted = [];
    }

    // A function's log stream belongs to one environment, which serves one request after the other: a line that names no request
    // belongs to the one named last, until that one ends. Whoever else writes a stream may serve many at a time.
    private ReadOnlySpan<byte> Follow(scoped in LineFields fields, out ReadOnlySpan<byte> traceId)
    {
        traceId = fields.TraceId;
        if (fields.RequestId.Length == 0)
        {
            if (source.Function is null || openRequest == Guid.Empty || fields.IsPlatform)
                return default;
            if (traceId.Length == 0)
                traceId = logs.TraceOf(openRequest);
            return openRequestId;
        }

        if (!RequestTrace.TryParseRequestId(fields.RequestId, out var request))
            return fields.RequestId;
        if (traceId.Length == 0)
            traceId = logs.TraceOf(request);
        openRequest = fields.EndsRequest ? Guid.Empty : request;
        fields.RequestId.CopyTo(openRequestId);
        return fields.RequestId;
    }
}
