using System.Net;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>
/// Logz.io, by its HTTPS listener: a line of JSON an entry, <c>{"@timestamp", "account", …, "message"}</c>; a JSON line of a
/// function stands as it is under <c>log</c>.
/// </summary>
public sealed class LogzIo : Destination
{
    private readonly string type;

    /// <param name="setting">Reads <c>LOGZIO_TYPE</c>, by which Logz.io chooses how to parse (default: <c>cloudwatch</c>).</param>
    /// <exception cref="SettingException">The type holds what a type cannot.</exception>
    public LogzIo(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        type = setting("LOGZIO_TYPE") ?? "cloudwatch";
        if (type.Any(char.IsControl))
            throw new SettingException("LOGZIO_TYPE has a line break or another control character; must be a name without blanks.");
        if (type.Any(char.IsWhiteSpace))
            throw new SettingException($"LOGZIO_TYPE is \"{type}\"; must be a name without blanks.");
    }

    /// <inheritdoc/>
    public override string Name => "Logz.io";

    /// <summary>
    /// Logz.io takes 10,485,760 bytes a request and 500,000 a line. Half of the first makes a batch that has to be sent again
    /// cost half; the entries have no limit.
    /// </summary>
    public override BatchLimits Limits => new(Bytes: 5_242_880, Entries: 50_000, EntryBytes: 500_000);

    /// <inheritdoc/>
    public override bool HasToken => true;

    /// <inheritdoc/>
    public override string ContentType => "application/json";

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
        body.Write("{\"@timestamp\":\""u8);
        WriteTime(body, line.Timestamp);
        body.Write("\","u8);
        body.Write(description);
        WriteFields(body, line);
        WriteContent(body, line, ",\"log\":"u8, showsMessage: true);
        body.Write("}\n"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        var query = $"token={Uri.EscapeDataString(credentials.Token)}&type={Uri.EscapeDataString(type)}";
        return new HttpRequestMessage(HttpMethod.Post, Append(credentials.Url, "/", query));
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => status switch
    {
        // Logz.io confirms with an empty body. The counts that come with a 400 are understood as well.
        HttpStatusCode.OK when IsEmpty(body) => new Verdict.Delivered(),
        HttpStatusCode.OK or HttpStatusCode.BadRequest when CountTaken(body) is { } taken =>
            taken >= entries ? new Verdict.Delivered() : new Verdict.SomeRefused(entries - taken, $"{(int)status}"),
        < HttpStatusCode.MultipleChoices => new Verdict.Retry($"{(int)status}, which is not how Logz.io confirms that it has the lines"),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
        HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Verdict.Retry($"{(int)status}"),
        _ => new Verdict.Rejected($"{(int)status}"),
    };

    // {"malformedLines":2,"successfulLines":10,"oversizedLines":3,"emptyLogLines":4}: it has the successful ones, and does not
    // say which these are. Null: this is not Logz.io's answer.
    private static int? CountTaken(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var answer = JsonDocument.Parse(body);
            return answer.RootElement.ValueKind == JsonValueKind.Object
                && answer.RootElement.TryGetProperty("successfulLines", out var value)
                && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var taken)
                    ? Math.Max(taken, 0)
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
