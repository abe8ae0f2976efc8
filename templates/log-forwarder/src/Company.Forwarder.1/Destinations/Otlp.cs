using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>
/// An OpenTelemetry collector, or any platform that speaks OTLP over HTTP: one resource an event, with the names of OpenTelemetry's
/// semantic conventions, and a log record an entry. A JSON line of a function becomes a structured body.
/// </summary>
/// <remarks>In OTLP's JSON encoding (OTLP specification 1.9): 64-bit numbers are text, ids are hexadecimal, enums are numbers.</remarks>
public sealed class Otlp : Destination
{
    // A collector may refuse what is nested deeper; from here on it is JSON as text.
    private const int DeepestBody = 16;

    private readonly TokenHeader? header;

    /// <param name="setting">
    /// Reads <c>OTLP_HEADER</c>, the header that the token goes in, with or without a word before it, as <c>api-key</c> or
    /// <c>Authorization: Api-Token</c> (default: <c>Authorization: Bearer</c>, or <c>Basic</c> for a user and a password).
    /// </param>
    /// <exception cref="SettingException">It has another form.</exception>
    public Otlp(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        header = TokenHeader.Parse("OTLP_HEADER", setting("OTLP_HEADER"));
    }

    /// <inheritdoc/>
    public override string Name => "the OTLP endpoint";

    /// <summary>A collector takes 20 MiB; some platforms behind OTLP take 1 MB. The entries have no limit.</summary>
    public override BatchLimits Limits => new(Bytes: 1_000_000, Entries: 10_000, EntryBytes: 1_000_000);

    /// <summary>A collector on a private network may have no credentials.</summary>
    public override bool HasToken => false;

    /// <inheritdoc/>
    public override string ContentType => "application/json";

    /// <inheritdoc/>
    public override Envelope Enclose(LogSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var start = new PooledBuffer();
        start.Write("{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"cloud.provider\",\"value\":{\"stringValue\":\"aws\"}}"u8);
        // Every resource has a service's name; what no function wrote goes by its log group.
        WriteAttribute(start, "service.name", source.Service ?? source.Function ?? source.LogGroup);
        WriteAttribute(start, "deployment.environment.name", source.Stage);
        WriteAttribute(start, "faas.name", source.Function);
        WriteAttribute(start, "cloud.account.id", source.Account);
        WriteAttribute(start, "cloud.region", source.Region);
        WriteAttribute(start, "aws.log.group.name", source.LogGroup);
        WriteAttribute(start, "aws.log.stream.name", source.LogStream);
        foreach (var (name, value) in source.Fields.Pairs)
            WriteAttribute(start, name, value);
        start.Write("]},\"scopeLogs\":[{\"logRecords\":["u8);
        return new Envelope(start.WrittenSpan.ToArray(), "]}]}]}"u8.ToArray());
    }

    /// <inheritdoc/>
    public override byte[] Describe(LogSource source) => [];

    /// <inheritdoc/>
    public override void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description)
    {
        ArgumentNullException.ThrowIfNull(body);
        body.Write("{\"timeUnixNano\":\""u8);
        WriteNumber(body, line.Timestamp);
        body.Write("000000\""u8);
        if (Severity(line.Level) is var severity and > 0)
        {
            body.Write(",\"severityNumber\":"u8);
            WriteNumber(body, severity);
        }
        WriteMember(body, ",\"severityText\":"u8, line.Level);
        WriteHexTrace(body, ",\"traceId\":"u8, line.TraceId);
        // The convention for an id by which a record that comes twice is known.
        body.Write(",\"attributes\":[{\"key\":\"log.record.uid\",\"value\":{\"stringValue\":"u8);
        body.WriteString(line.EventId);
        body.Write("}}"u8);
        if (line.RequestId.Length > 0)
        {
            body.Write(",{\"key\":\"faas.invocation_id\",\"value\":{\"stringValue\":"u8);
            body.WriteString(line.RequestId);
            body.Write("}}"u8);
        }
        if (line.Parts > 0)
        {
            WritePart(body, ",{\"key\":\"part\",\"value\":{\"stringValue\":\""u8, line.Part);
            WritePart(body, "}},{\"key\":\"parts\",\"value\":{\"stringValue\":\""u8, line.Parts);
            body.Write("}}"u8);
        }
        body.Write("],\"body\":"u8);
        if (line.IsJson)
        {
            var json = new Utf8JsonReader(line.Text);
            json.Read();
            WriteValue(body, ref json, line.Text);
        }
        else
        {
            body.Write("{\"stringValue\":"u8);
            body.WriteString(line.Text);
            body.Write("}"u8);
        }
        body.Write("},"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        var request = new HttpRequestMessage(HttpMethod.Post, Endpoint(credentials.Url, "/v1/logs"));
        if (header is null)
            Authorize(request, credentials.Token, "Bearer");
        else
            header.Add(request, credentials.Token);
        return request;
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => status switch
    {
        HttpStatusCode.OK => CountRejected(body) switch
        {
            null => new Verdict.Retry("200, which is not how OTLP confirms that it has the records"),
            0 => new Verdict.Delivered(),
            // The specification forbids to send them again.
            { } rejected => new Verdict.Unclear($"200, with {Math.Min(rejected, entries)} records rejected", MayBeSentAgain: false),
        },
        < HttpStatusCode.MultipleChoices => new Verdict.Retry($"{(int)status}, which is not how OTLP confirms that it has the records"),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
        HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
        // No other status may be retried. The event is kept all the same.
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout =>
            new Verdict.Retry($"{(int)status}"),
        _ => new Verdict.Rejected($"{(int)status}"),
    };

    // {"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"…"}}: a message without a number is a warning. Null: this is not
    // the answer of an OTLP endpoint.
    private static long? CountRejected(ReadOnlyMemory<byte> body)
    {
        using var answer = ReadJson(body);
        if (answer?.RootElement is not { ValueKind: JsonValueKind.Object } root || root.EnumerateObject().Any(member => member.Name != "partialSuccess"))
            return null;
        if (!root.TryGetProperty("partialSuccess", out var partial) || partial.ValueKind == JsonValueKind.Null)
            return 0;
        if (partial.ValueKind != JsonValueKind.Object)
            return null;
        if (!partial.TryGetProperty("rejectedLogRecords", out var rejected))
            return 0;
        return rejected.ValueKind switch
        {
            JsonValueKind.Number when rejected.TryGetInt64(out var number) => number,
            JsonValueKind.String when long.TryParse(rejected.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
            _ => null,
        };
    }

    private static int Severity(ReadOnlySpan<byte> level) =>
        level.SequenceEqual("info"u8) ? 9
        : level.SequenceEqual("error"u8) ? 17
        : level.SequenceEqual("warn"u8) ? 13
        : level.SequenceEqual("debug"u8) ? 5
        : level.SequenceEqual("trace"u8) ? 1
        : level.SequenceEqual("fatal"u8) ? 21
        : 0;

    private static void WriteAttribute(PooledBuffer writer, string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return;
        writer.Write(",{\"key\":"u8);
        writer.WriteString(Encoding.UTF8.GetBytes(name));
        writer.Write(",\"value\":{\"stringValue\":"u8);
        writer.WriteString(Encoding.UTF8.GetBytes(value));
        writer.Write("}}"u8);
    }

    // A value of the line's JSON as one of OTLP's: {"kvlistValue":{"values":[{"key","value"}]}}, {"arrayValue":{"values":[]}}, ….
    private static void WriteValue(PooledBuffer writer, ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.StartObject or JsonTokenType.StartArray when json.CurrentDepth >= DeepestBody:
                var start = (int)json.TokenStartIndex;
                json.Skip();
                writer.Write("{\"stringValue\":"u8);
                writer.WriteString(text[start..(int)json.BytesConsumed]);
                break;
            case JsonTokenType.StartObject:
                writer.Write("{\"kvlistValue\":{\"values\":["u8);
                for (var isFirst = true; json.Read() && json.TokenType != JsonTokenType.EndObject; isFirst = false)
                {
                    writer.Write(isFirst ? "{\"key\":"u8 : ",{\"key\":"u8);
                    WriteToken(writer, json);
                    writer.Write(",\"value\":"u8);
                    json.Read();
                    WriteValue(writer, ref json, text);
                    writer.Write("}"u8);
                }
                writer.Write("]}"u8);
                break;
            case JsonTokenType.StartArray:
                writer.Write("{\"arrayValue\":{\"values\":["u8);
                for (var isFirst = true; json.Read() && json.TokenType != JsonTokenType.EndArray; isFirst = false)
                {
                    if (!isFirst)
                        writer.Write(","u8);
                    WriteValue(writer, ref json, text);
                }
                writer.Write("]}"u8);
                break;
            case JsonTokenType.String:
                writer.Write("{\"stringValue\":"u8);
                WriteToken(writer, json);
                break;
            case JsonTokenType.Number when !json.ValueSpan.ContainsAny((byte)'.', (byte)'e', (byte)'E'):
                // A number that 64 bits cannot hold would lose digits.
                writer.Write(json.TryGetInt64(out _) ? "{\"intValue\":\""u8 : "{\"stringValue\":\""u8);
                writer.Write(json.ValueSpan);
                writer.Write("\""u8);
                break;
            case JsonTokenType.Number:
                writer.Write("{\"doubleValue\":"u8);
                writer.Write(json.ValueSpan);
                break;
            case JsonTokenType.True or JsonTokenType.False:
                writer.Write("{\"boolValue\":"u8);
                writer.Write(json.ValueSpan);
                break;
            default:
                // null: a value that has none.
                writer.Write("{"u8);
                break;
        }
        writer.Write("}"u8);
    }

    // With the escapes that it has in the line.
    private static void WriteToken(PooledBuffer writer, in Utf8JsonReader json)
    {
        writer.Write("\""u8);
        writer.Write(json.ValueSpan);
        writer.Write("\""u8);
    }
}
