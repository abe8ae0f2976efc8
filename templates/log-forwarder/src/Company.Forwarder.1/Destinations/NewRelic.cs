using System.Net;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>
/// New Relic, by its Log API: <c>[{"common": {"attributes": {…}}, "logs": [{"timestamp", "attributes": {…}, "message"}]}]</c>. New Relic
/// makes attributes of the members of a JSON line itself.
/// </summary>
/// <remarks>By the documentation of New Relic's Log API; it was not tried on New Relic itself.</remarks>
public sealed class NewRelic : Destination
{
    /// <param name="setting">Reads no setting.</param>
    public NewRelic(Func<string, string?> setting) => ArgumentNullException.ThrowIfNull(setting);

    /// <inheritdoc/>
    public override string Name => "New Relic";

    /// <summary>New Relic takes 10^6 bytes a request, and cuts a value off at 128 KB. The entries have no limit.</summary>
    public override BatchLimits Limits => new(Bytes: 1_000_000, Entries: 10_000, EntryBytes: 128_000);

    /// <summary>New Relic may drop what is over 48 hours old. Half an hour is left for the way.</summary>
    public override TimeSpan? OldestLine => TimeSpan.FromHours(47.5);

    /// <inheritdoc/>
    public override bool HasToken => true;

    /// <inheritdoc/>
    public override string ContentType => "application/json";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OwnFields => ["trace.id", "entity", "accountId", "eventType"];

    /// <inheritdoc/>
    public override Envelope Enclose(LogSource source)
    {
        using var start = new PooledBuffer();
        start.Write("[{\"common\":{\"attributes\":{"u8);
        WriteSource(start, source);
        start.Write("}},\"logs\":["u8);
        return new Envelope(start.WrittenSpan.ToArray(), "]}]"u8.ToArray());
    }

    /// <inheritdoc/>
    public override byte[] Describe(LogSource source) => [];

    /// <inheritdoc/>
    public override void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description)
    {
        ArgumentNullException.ThrowIfNull(body);
        body.Write("{"u8);
        if (!line.IsLate)
        {
            body.Write("\"timestamp\":"u8);
            WriteNumber(body, line.Timestamp);
            body.Write(","u8);
        }
        body.Write("\"attributes\":{\"event_id\":"u8);
        body.WriteString(line.EventId);
        WriteMember(body, ",\"level\":"u8, line.Level);
        WriteMember(body, ",\"request_id\":"u8, line.RequestId);
        // By this name, in this form, New Relic shows the lines of a trace.
        WriteHexTrace(body, ",\"trace.id\":"u8, line.TraceId);
        if (line.IsLate)
        {
            body.Write(",\"logged_at\":\""u8);
            WriteTime(body, line.Timestamp);
            body.Write("\""u8);
        }
        if (line.Parts > 0)
        {
            WritePart(body, ",\"part\":\""u8, line.Part);
            WritePart(body, ",\"parts\":\""u8, line.Parts);
        }
        body.Write("},\"message\":"u8);
        body.WriteString(line.Text);
        body.Write("},"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        var request = new HttpRequestMessage(HttpMethod.Post, Endpoint(credentials.Url, "/log/v1"));
        request.Headers.TryAddWithoutValidation("Api-Key", credentials.Token);
        return request;
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => status switch
    {
        // New Relic confirms with 202 and the request's id, and checks the lines afterwards.
        HttpStatusCode.Accepted when HasRequestId(body) => new Verdict.Delivered(),
        < HttpStatusCode.MultipleChoices => new Verdict.Retry($"{(int)status}, which is not how New Relic confirms that it has the lines"),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
        HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Verdict.Retry($"{(int)status}"),
        _ => new Verdict.Rejected($"{(int)status}"),
    };

    // {"requestId":"…"}
    private static bool HasRequestId(ReadOnlyMemory<byte> body)
    {
        using var answer = ReadJson(body);
        return answer?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("requestId", out var id) && id.ValueKind == JsonValueKind.String;
    }
}
