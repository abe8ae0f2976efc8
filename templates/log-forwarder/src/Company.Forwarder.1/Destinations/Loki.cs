using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Text;

namespace Company.Forwarder._1;

/// <summary>
/// Grafana Loki, by its push API: one stream an event, <c>{"streams": [{"stream": {labels}, "values": [["nanoseconds", "line", {structured
/// metadata}]]}]}</c>. A JSON line is text to Loki; <c>| json</c> reads it.
/// </summary>
public sealed class Loki : Destination
{
    private readonly string? tenant;

    /// <param name="setting">Reads <c>LOKI_TENANT</c>, the <c>X-Scope-OrgID</c> (default: none, as on Grafana Cloud).</param>
    /// <exception cref="SettingException">The tenant has a character that a header cannot have.</exception>
    public Loki(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        tenant = setting("LOKI_TENANT");
        if (tenant is not null && !tenant.All(c => c is > ' ' and < '\x7f'))
            throw new SettingException("LOKI_TENANT has a blank or another character that a tenant's id cannot have; must be an id such as acme.");
    }

    /// <inheritdoc/>
    public override string Name => "Loki";

    /// <summary>Loki's defaults: a line of 256 KB, 4 MB a second for each tenant. A batch of 1 MB is what Grafana's own clients send.</summary>
    public override BatchLimits Limits => new(Bytes: 1_000_000, Entries: 10_000, EntryBytes: 256_000);

    /// <summary>Loki on a private network often has no credentials.</summary>
    public override bool HasToken => false;

    /// <inheritdoc/>
    public override string ContentType => "application/json";

    /// <summary>Those that would become one of the forwarder's own names, and so hide it.</summary>
    public override IReadOnlyList<string> OwnFields => ["log-stream", "log-group", "request-id", "trace-id", "event-id"];

    /// <inheritdoc/>
    public override Envelope Enclose(LogSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        // Few values each: every combination of labels is a stream of its own.
        using var start = new PooledBuffer();
        start.Write("{\"streams\":[{\"stream\":{\"log_group\":"u8);
        start.WriteString(Encoding.UTF8.GetBytes(source.LogGroup));
        WriteMember(start, ",\"account\":"u8, source.Account);
        WriteMember(start, ",\"region\":"u8, source.Region);
        WriteMember(start, ",\"service\":"u8, source.Service);
        WriteMember(start, ",\"stage\":"u8, source.Stage);
        WriteMember(start, ",\"function\":"u8, source.Function);
        start.Write("},\"values\":["u8);
        return new Envelope(start.WrittenSpan.ToArray(), "]}]}"u8.ToArray());
    }

    /// <inheritdoc/>
    public override byte[] Describe(LogSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var writer = new PooledBuffer();
        WriteMember(writer, ",{\"log_stream\":"u8, source.LogStream.Length > 0 ? source.LogStream : "-");
        foreach (var (name, value) in source.Fields.Pairs)
        {
            writer.Write(",\""u8);
            // Loki's names have no dots or hyphens.
            writer.Write(Encoding.UTF8.GetBytes(name.Replace('.', '_').Replace('-', '_')));
            WriteMember(writer, "\":"u8, value);
        }
        return writer.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public override void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description)
    {
        ArgumentNullException.ThrowIfNull(body);
        body.Write("[\""u8);
        WriteNumber(body, line.Timestamp);
        WriteFraction(body, line);
        body.Write("\","u8);
        body.WriteString(line.Text);
        body.Write(description);
        WriteFields(body, line);
        body.Write("}],"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        var request = new HttpRequestMessage(HttpMethod.Post, Endpoint(credentials.Url, "/loki/api/v1/push"));
        Authorize(request, credentials.Token, "Bearer");
        if (tenant is not null)
            request.Headers.TryAddWithoutValidation("X-Scope-OrgID", tenant);
        return request;
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => status switch
    {
        HttpStatusCode.NoContent => new Verdict.Delivered(),
        < HttpStatusCode.MultipleChoices => new Verdict.Retry($"{(int)status}, which is not how Loki confirms that it has the lines"),
        // It has the lines that are valid, and names one that is not. Lines that it has already come to the same place again.
        HttpStatusCode.BadRequest => new Verdict.Unclear("400", MayBeSentAgain: true),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
        HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Verdict.Retry($"{(int)status}"),
        _ => new Verdict.Rejected($"{(int)status}"),
    };

    // Of two equal lines with the same time Loki keeps one. CloudWatch counts in milliseconds, so the last digits of its id, the same when
    // the line comes again, tell the lines of a millisecond apart, and the number of a part the parts of a line.
    private static void WriteFraction(PooledBuffer body, in LogLine line)
    {
        var id = line.EventId;
        var digits = id[Math.Max(0, id.Length - 6)..];
        var fraction = Utf8Parser.TryParse(digits, out uint number, out var consumed) && consumed == digits.Length ? number : 0;
        Utf8Formatter.TryFormat((fraction + (uint)line.Part) % 1_000_000, body.GetSpan(6), out _, new StandardFormat('D', 6));
        body.Advance(6);
    }
}
