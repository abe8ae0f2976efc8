using System.Buffers;
using System.Net;

namespace Company.Forwarder._1;

/// <summary>
/// Sumo Logic, by a hosted HTTP source, whose URL is the secret: a line of JSON an entry, <c>{"timestamp", "account", …,
/// "message"}</c>; a JSON line of a function stands as it is under <c>log</c>.
/// </summary>
public sealed class SumoLogic : Destination
{
    private readonly string? category;

    /// <param name="setting">Reads <c>SUMO_SOURCE_CATEGORY</c> (default: the source's).</param>
    public SumoLogic(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        category = setting("SUMO_SOURCE_CATEGORY");
    }

    /// <inheritdoc/>
    public override string Name => "Sumo Logic";

    /// <summary>
    /// Sumo Logic asks for 100 KB to 1 MB a request. A line over 64 KB it stores in numbered pieces itself, so nothing has to be
    /// cut for it; the entries have no limit.
    /// </summary>
    public override BatchLimits Limits => new(Bytes: 1_000_000, Entries: 10_000, EntryBytes: 1_000_000);

    /// <inheritdoc/>
    public override bool HasToken => false;

    /// <inheritdoc/>
    public override string ContentType => "text/plain";

    /// <inheritdoc/>
    public override byte[] Describe(LogSource source)
    {
        var writer = new ArrayBufferWriter<byte>();
        WriteSource(writer, source);
        return writer.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public override void Write(IBufferWriter<byte> body, in LogLine line, ReadOnlySpan<byte> description)
    {
        ArgumentNullException.ThrowIfNull(body);
        // First, because Sumo Logic takes the first time that it finds in a line for the line's own.
        body.Write("{\"timestamp\":\""u8);
        WriteTime(body, line.Timestamp);
        body.Write("\","u8);
        body.Write(description);
        WriteFields(body, line);
        if (line.IsJson)
        {
            body.Write(",\"log\":"u8);
            body.Write(line.Text);
        }
        else
        {
            body.Write(",\"message\":"u8);
            body.WriteString(line.Text);
        }
        body.Write("}\n"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        ArgumentNullException.ThrowIfNull(source);
        var request = new HttpRequestMessage(HttpMethod.Post, credentials.Url);
        request.Headers.TryAddWithoutValidation("X-Sumo-Name", source.LogGroup);
        request.Headers.TryAddWithoutValidation("X-Sumo-Host", source.LogStream);
        if (!string.IsNullOrEmpty(category))
            request.Headers.TryAddWithoutValidation("X-Sumo-Category", category);
        return request;
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => status switch
    {
        HttpStatusCode.OK => new Verdict.Delivered(),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
        HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
        // After a 408 some of the lines may be in; sent again they come twice, not sent again some would be lost.
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Verdict.Retry($"{(int)status}"),
        _ => new Verdict.Rejected(entries, $"{(int)status}"),
    };
}
