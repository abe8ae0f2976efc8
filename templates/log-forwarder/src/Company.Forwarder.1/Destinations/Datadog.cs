using System.Net;
using System.Text;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>
/// Datadog, by its log intake: a JSON array of <c>{"ddsource", "service", "ddtags", …, "timestamp", "status", "dd.trace_id",
/// "message"}</c>; a JSON line of a function stands as it is under <c>log</c>.
/// </summary>
/// <remarks>By the documentation of Datadog's API (POST /api/v2/logs); it was not tried on Datadog itself.</remarks>
public sealed class Datadog : Destination
{
    private readonly string? ddsource;

    /// <param name="setting">
    /// Reads <c>DATADOG_SOURCE</c>, by which Datadog chooses the pipeline (default: <c>lambda</c> for a function's lines, otherwise
    /// <c>cloudwatch</c>).
    /// </param>
    public Datadog(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        ddsource = setting("DATADOG_SOURCE");
    }

    /// <inheritdoc/>
    public override string Name => "Datadog";

    /// <summary>Datadog takes 5 MB and 1,000 entries a request, and cuts an entry off at 1 MB.</summary>
    public override BatchLimits Limits => new(Bytes: 5_000_000, Entries: 1_000, EntryBytes: 1_000_000);

    /// <summary>Datadog takes a time of up to 18 hours ago. Half an hour is left for the way.</summary>
    public override TimeSpan? OldestLine => TimeSpan.FromHours(17.5);

    /// <inheritdoc/>
    public override bool HasToken => true;

    /// <inheritdoc/>
    public override string ContentType => "application/json";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OwnFields => ["ddsource", "ddtags", "hostname", "status", "dd.trace_id"];

    /// <inheritdoc/>
    public override Envelope Enclose(LogSource source) => new("["u8.ToArray(), "]"u8.ToArray());

    /// <inheritdoc/>
    public override byte[] Describe(LogSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var writer = new PooledBuffer();
        writer.Write("{\"ddsource\":"u8);
        writer.WriteString(Encoding.UTF8.GetBytes(ddsource ?? (source.Function is null ? "cloudwatch" : "lambda")));
        WriteMember(writer, ",\"ddtags\":"u8, source.Stage is null ? null : $"env:{source.Stage}");
        WriteMember(writer, ",\"hostname\":"u8, source.Function);
        writer.Write(","u8);
        WriteSource(writer, source);
        return writer.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public override void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description)
    {
        ArgumentNullException.ThrowIfNull(body);
        body.Write(description);
        WriteFields(body, line);
        // Datadog's names for the level and the trace: by these it colours the line and finds the trace.
        WriteMember(body, ",\"status\":"u8, line.Level);
        WriteHexTrace(body, ",\"dd.trace_id\":"u8, line.TraceId);
        if (line.IsLate)
        {
            body.Write(",\"logged_at\":\""u8);
            WriteTime(body, line.Timestamp);
            body.Write("\""u8);
        }
        else
        {
            body.Write(",\"timestamp\":"u8);
            WriteNumber(body, line.Timestamp);
        }
        WriteContent(body, line, ",\"log\":"u8, showsMessage: true);
        body.Write("},"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        var request = new HttpRequestMessage(HttpMethod.Post, Endpoint(credentials.Url, "/api/v2/logs"));
        request.Headers.TryAddWithoutValidation("DD-API-KEY", credentials.Token);
        return request;
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => status switch
    {
        // Datadog confirms with 202 and an empty JSON object.
        HttpStatusCode.Accepted when IsEmpty(body) || IsEmptyObject(body) => new Verdict.Delivered(),
        < HttpStatusCode.MultipleChoices => new Verdict.Retry($"{(int)status}, which is not how Datadog confirms that it has the lines"),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
        HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Verdict.Retry($"{(int)status}"),
        _ => new Verdict.Rejected($"{(int)status}"),
    };

    private static bool IsEmptyObject(ReadOnlyMemory<byte> body)
    {
        using var answer = ReadJson(body);
        return answer?.RootElement is { ValueKind: JsonValueKind.Object } root && !root.EnumerateObject().Any();
    }
}
