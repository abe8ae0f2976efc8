using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>
/// Splunk, by its HTTP Event Collector: one JSON object after the other, <c>{"time", "host", "source", "sourcetype", "index",
/// "fields", "event"}</c>. The token must not ask for indexer acknowledgement.
/// </summary>
public sealed class Splunk : Destination
{
    private readonly string? index;
    private readonly string sourceType;

    /// <param name="setting">
    /// Reads <c>SPLUNK_INDEX</c> (default: the token's) and <c>SPLUNK_SOURCETYPE</c> (default: <c>aws:cloudwatchlogs</c>).
    /// </param>
    public Splunk(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        index = setting("SPLUNK_INDEX");
        sourceType = setting("SPLUNK_SOURCETYPE") ?? "aws:cloudwatchlogs";
    }

    /// <inheritdoc/>
    public override string Name => "Splunk";

    /// <summary>Splunk Cloud documents 1 MB a request. The entries have no limit: this one bounds how many a refused one can hold up.</summary>
    public override BatchLimits Limits => new(Bytes: 1_000_000, Entries: 10_000, EntryBytes: 1_000_000);

    /// <inheritdoc/>
    public override bool HasToken => true;

    /// <inheritdoc/>
    public override string ContentType => "application/json";

    /// <inheritdoc/>
    public override byte[] Describe(LogSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var writer = new PooledBuffer();
        writer.Write("{\"sourcetype\":"u8);
        writer.WriteString(Encoding.UTF8.GetBytes(sourceType));
        WriteMember(writer, ",\"index\":"u8, index);
        WriteMember(writer, ",\"source\":"u8, source.LogGroup);
        WriteMember(writer, ",\"host\":"u8, source.Function);
        // Flat and of strings, or Splunk refuses the event (code 15).
        writer.Write(",\"fields\":{"u8);
        WriteSource(writer, source);
        return writer.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public override void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description)
    {
        ArgumentNullException.ThrowIfNull(body);
        body.Write(description);
        WriteFields(body, line);
        body.Write("},\"time\":"u8);
        WriteSeconds(body, line.Timestamp);
        body.Write(",\"event\":"u8);
        if (line.IsJson)
            body.Write(line.Text);
        else
            body.WriteString(line.Text);
        body.Write("}"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        var request = new HttpRequestMessage(HttpMethod.Post, Endpoint(credentials.Url));
        AddHeader(request, "Authorization", "Splunk " + credentials.Token);
        return request;
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries)
    {
        var (code, invalidEvent) = ReadAnswer(body);
        var reason = code < 0 ? $"{(int)status}" : $"{(int)status}, code {code}";
        return status switch
        {
            // Splunk confirms with code 0, and with 24 and 25, which warn of a queue that fills up. Nothing else is a success.
            HttpStatusCode.OK when code is 0 or 24 or 25 => new Verdict.Delivered(),
            < HttpStatusCode.MultipleChoices => new Verdict.Retry($"{reason}, which is not how Splunk confirms that it has the events"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
            HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
            // With code 9 comes the number of an event as well, but Splunk does not promise that those before it are in: all are sent again.
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Verdict.Retry(reason),
            // 6 invalid data, 12 no event, 13 a blank one, 15 fields: one event is at fault, and those before it are indexed.
            HttpStatusCode.BadRequest when code is 6 or 12 or 13 or 15 && invalidEvent >= 0 && invalidEvent < entries =>
                new Verdict.EntryRefused(invalidEvent, reason),
            // 7 wrong index, 10 acknowledgement wanted, …: it is the same for each event.
            _ => new Verdict.Rejected(reason),
        };
    }

    // The URL is that of the server, of a proxy with a path before it, or of the collector itself.
    private static Uri Endpoint(Uri url)
    {
        var path = url.AbsolutePath.TrimEnd('/');
        return path.EndsWith("/services/collector/event", StringComparison.Ordinal) ? url
            : Append(url, path.EndsWith("/services/collector", StringComparison.Ordinal) ? "/event" : "/services/collector/event");
    }

    // {"text":"Invalid data format","code":6,"invalid-event-number":3}
    private static (int Code, int InvalidEvent) ReadAnswer(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var answer = JsonDocument.Parse(body);
            return (Number(answer.RootElement, "code"), Number(answer.RootElement, "invalid-event-number"));
        }
        catch (JsonException)
        {
            return (-1, -1); // From something on the way, not from Splunk.
        }
    }

    private static int Number(JsonElement answer, string name) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : -1;

    private static void WriteSeconds(PooledBuffer writer, long milliseconds)
    {
        var span = writer.GetSpan(32);
        Utf8Formatter.TryFormat(milliseconds / 1000, span, out var written);
        span[written] = (byte)'.';
        Utf8Formatter.TryFormat(milliseconds % 1000, span[(written + 1)..], out _, new StandardFormat('D', 3));
        writer.Advance(written + 4);
    }
}
