using System.Net;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>
/// Sumo Logic, by a hosted HTTP source, whose URL is the secret: a line of JSON an entry, <c>{"timestamp", "account", …,
/// "message"}</c>; a JSON line of a function stands as it is under <c>log</c>.
/// </summary>
public sealed class SumoLogic : Destination
{
    private readonly string? category;

    /// <param name="setting">Reads <c>SUMO_SOURCE_CATEGORY</c> (default: the source's).</param>
    /// <exception cref="SettingException">The category has a control character.</exception>
    public SumoLogic(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        category = setting("SUMO_SOURCE_CATEGORY");
        if (category is not null && category.Any(char.IsControl))
            throw new SettingException("SUMO_SOURCE_CATEGORY has a line break or another control character; must be a source category, such as acme/dev.");
    }

    /// <inheritdoc/>
    public override string Name => "Sumo Logic";

    /// <summary>
    /// Sumo Logic asks for 100 KB to 1 MB a request. It stores a line over 64 KB in numbered pieces itself; the entries have
    /// no limit.
    /// </summary>
    public override BatchLimits Limits => new(Bytes: 1_000_000, Entries: 10_000, EntryBytes: 1_000_000);

    /// <inheritdoc/>
    public override bool HasToken => false;

    /// <inheritdoc/>
    public override string ContentType => "text/plain";

    /// <inheritdoc/>
    public override byte[] Describe(LogSource source)
    {
        using var writer = new PooledBuffer();
        WriteSource(writer, source);
        return writer.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public override void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description)
    {
        ArgumentNullException.ThrowIfNull(body);
        // First, because Sumo Logic takes the first time that it finds in a line for the line's own.
        body.Write("{\"timestamp\":\""u8);
        WriteTime(body, line.Timestamp);
        body.Write("\","u8);
        body.Write(description);
        WriteFields(body, line);
        WriteContent(body, line, ",\"log\":"u8);
        body.Write("}\n"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        ArgumentNullException.ThrowIfNull(source);
        var request = new HttpRequestMessage(HttpMethod.Post, credentials.Url);
        AddHeader(request, "X-Sumo-Name", source.LogGroup);
        AddHeader(request, "X-Sumo-Host", source.LogStream);
        if (!string.IsNullOrEmpty(category))
            AddHeader(request, "X-Sumo-Category", category);
        return request;
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => status switch
    {
        // Sumo Logic confirms with an empty body, or with a note of its own that also says 200.
        HttpStatusCode.OK when IsEmpty(body) || IsNote(body) => new Verdict.Delivered(),
        < HttpStatusCode.MultipleChoices => new Verdict.Retry($"{(int)status}, which is not how Sumo Logic confirms that it has the lines"),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
        HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
        // After a 408 some of the lines may be in; sent again they come twice, not sent again some would be lost.
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Verdict.Retry($"{(int)status}"),
        _ => new Verdict.Rejected($"{(int)status}"),
    };

    // {"status":200,"id":"…","code":"bad.http.header.fields","message":"…"}: the lines are in, a header was not.
    private static bool IsNote(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var note = JsonDocument.Parse(body);
            return note.RootElement.ValueKind == JsonValueKind.Object
                && note.RootElement.TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.Number && status.TryGetInt32(out var number) && number == 200
                && note.RootElement.TryGetProperty("id", out _)
                && !note.RootElement.TryGetProperty("error", out _) && !note.RootElement.TryGetProperty("errors", out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
