using System.Buffers;
using System.Buffers.Text;

namespace Company.Forwarder._1;

/// <summary>Reads the lines of an event to ship, with what each line and the lines before it tell about it.</summary>
/// <param name="logs">The event.</param>
/// <param name="source">Where its lines come from.</param>
/// <param name="patterns">Which lines are left out.</param>
/// <param name="keepPlatformLines">Whether Lambda's own lines are kept.</param>
/// <param name="oldest">The time before which a line is late, in milliseconds since 1970.</param>
public sealed class LineReader(SubscriptionEvent logs, LogSource source, LinePatterns patterns, bool keepPlatformLines, long oldest = long.MinValue) : IDisposable
{
    private readonly LogEvents events = logs.OpenEvents();
    private readonly OpenRequests requests = new(logs.IsInterleaved);
    private readonly byte[] openRequestId = new byte[RequestTrace.RequestIdLength];
    private byte[] redacted = ArrayPool<byte>.Shared.Rent(1024);
    private byte[] safe = ArrayPool<byte>.Shared.Rent(1024);

    /// <summary>How many lines so far were left out: by a pattern, as a line of the platform, or because there is nothing in them.</summary>
    public int Filtered { get; private set; }

    /// <summary>How many lines so far are older than the destination takes.</summary>
    public int Late { get; private set; }

    /// <summary>Which log event of the event the line is, from 0 on.</summary>
    public int Index { get; private set; } = -1;

    /// <summary>Goes to the next line to ship.</summary>
    /// <returns>False when there is none.</returns>
    public bool Read(out LogLine line)
    {
        while (events.Read())
        {
            Index++;
            var text = events.Message.TrimEnd("\r\n"u8);
            var isKept = patterns.Apply(ref text, ref redacted);
            var fields = LineFields.Read(text);
            var requestId = Follow(fields, out var traceId);
            // There is nothing in an empty line, and a log platform may refuse it.
            if (!isKept || fields.IsPlatform && !keepPlatformLines || !text.ContainsAnyExcept(" \t\r\n"u8))
            {
                Filtered++;
                continue;
            }

            var message = fields.Message;
            if (fields.IsJson)
            {
                text = text[fields.JsonStart..];
                if (!fields.IsSafe)
                    MakeSafe(ref text, ref message);
            }
            var timestamp = fields.Time ?? events.Timestamp;
            if (timestamp < oldest)
                Late++;
            line = new LogLine
            {
                Text = text,
                IsJson = fields.IsJson,
                Message = message,
                EventId = events.Id,
                Timestamp = timestamp,
                IsLate = timestamp < oldest,
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
        ArrayPool<byte>.Shared.Return(safe);
        redacted = safe = [];
    }

    // In a copy: the event's own text may be read again.
    private void MakeSafe(ref ReadOnlySpan<byte> json, ref ReadOnlySpan<byte> message)
    {
        if (safe.Length < json.Length)
        {
            ArrayPool<byte>.Shared.Return(safe);
            safe = ArrayPool<byte>.Shared.Rent(json.Length);
        }
        var copy = safe.AsSpan(0, json.Length);
        json.CopyTo(copy);
        JsonString.MakeSafe(copy);
        if (json.Overlaps(message, out var at))
            message = copy.Slice(at, message.Length);
        json = copy;
    }

    // A function's line that names no request belongs to the one that is open. Other writers of a stream may serve many at a time.
    private ReadOnlySpan<byte> Follow(scoped in LineFields fields, out ReadOnlySpan<byte> traceId)
    {
        traceId = fields.TraceId;
        if (source.Function is null || !requests.TryFollow(fields, out var request))
        {
            if (source.Function is not null && (requests.AreSeveral || fields.IsPlatform))
                return default;
            // Its own id, if it has one.
            if (traceId.Length == 0 && RequestTrace.TryParseRequestId(fields.RequestId, out request))
                traceId = logs.TraceOf(request);
            return fields.RequestId;
        }
        if (traceId.Length == 0)
            traceId = logs.TraceOf(request);
        Utf8Formatter.TryFormat(request, openRequestId, out _);
        return openRequestId;
    }
}
