using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>
/// Elasticsearch or OpenSearch, by the bulk API: for each entry a line <c>{"create": {"_id"}}</c> and a document with the names of the
/// Elastic Common Schema. A JSON line of a function stands as it is under <c>json</c>.
/// </summary>
/// <remarks>CloudWatch's id of a line is its <c>_id</c>: a line that comes again is there already (409), and is not added twice.</remarks>
public sealed class Elasticsearch : Destination
{
    private readonly string index;

    /// <param name="setting">Reads <c>ELASTICSEARCH_INDEX</c>, a data stream or an index (default: <c>logs-cloudwatch-default</c>).</param>
    /// <exception cref="SettingException">The index has a name that none can have.</exception>
    public Elasticsearch(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        index = setting("ELASTICSEARCH_INDEX") ?? "logs-cloudwatch-default";
        if (index.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '_' or '.' or '+')) || !char.IsAsciiLetterLower(index[0]) && !char.IsAsciiDigit(index[0]))
            throw new SettingException(
                $"ELASTICSEARCH_INDEX is \"{string.Concat(index.Select(c => char.IsControl(c) ? '\uFFFD' : c))}\"; must be the name of a data stream or an index, of a-z, 0-9, -, _ and ., starting with a letter or a digit, such as logs-cloudwatch-default.");
    }

    /// <inheritdoc/>
    public override string Name => "Elasticsearch";

    /// <summary>
    /// Elasticsearch takes 100 MB a request, a small OpenSearch domain 10 MiB; both are best at some megabytes. The entries have no limit:
    /// this one keeps the answer, some 80 bytes for each, within <see cref="LongestAnswer"/>.
    /// </summary>
    public override BatchLimits Limits => new(Bytes: 5_000_000, Entries: 5_000, EntryBytes: 1_000_000);

    /// <inheritdoc/>
    public override int LongestAnswer => 2 << 20;

    /// <summary>A cluster on a private network may have no credentials.</summary>
    public override bool HasToken => false;

    /// <inheritdoc/>
    public override string ContentType => "application/x-ndjson";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OwnFields =>
    [
        "cloud.provider", "cloud.account.id", "cloud.region", "aws.cloudwatch.log_group", "aws.cloudwatch.log_stream", "service.name", "service.environment",
        "faas.name", "faas.execution", "log.level", "trace.id", "event.id", "json",
    ];

    /// <inheritdoc/>
    public override byte[] Describe(LogSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var writer = new PooledBuffer();
        writer.Write(",\"cloud.provider\":\"aws\""u8);
        WriteMember(writer, ",\"cloud.account.id\":"u8, source.Account);
        WriteMember(writer, ",\"cloud.region\":"u8, source.Region);
        WriteMember(writer, ",\"aws.cloudwatch.log_group\":"u8, source.LogGroup);
        WriteMember(writer, ",\"aws.cloudwatch.log_stream\":"u8, source.LogStream);
        WriteMember(writer, ",\"service.name\":"u8, source.Service);
        WriteMember(writer, ",\"service.environment\":"u8, source.Stage);
        WriteMember(writer, ",\"faas.name\":"u8, source.Function);
        foreach (var (name, value) in source.Fields.Pairs)
        {
            writer.Write(",\""u8);
            writer.Write(Encoding.UTF8.GetBytes(name));
            WriteMember(writer, "\":"u8, value);
        }
        return writer.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public override void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description)
    {
        ArgumentNullException.ThrowIfNull(body);
        body.Write("{\"create\":{"u8);
        if (line.EventId.Length > 0)
        {
            body.Write("\"_id\":\""u8);
            body.WriteEscaped(line.EventId);
            // The parts of a line are documents of their own.
            if (line.Parts > 0)
            {
                body.Write("-"u8);
                WriteNumber(body, line.Part);
            }
            body.Write("\""u8);
        }
        body.Write("}}\n{\"@timestamp\":\""u8);
        WriteTime(body, line.Timestamp);
        body.Write("\""u8);
        body.Write(description);
        WriteMember(body, ",\"log.level\":"u8, line.Level);
        WriteMember(body, ",\"faas.execution\":"u8, line.RequestId);
        WriteHexTrace(body, ",\"trace.id\":"u8, line.TraceId);
        WriteMember(body, ",\"event.id\":"u8, line.EventId);
        if (line.Parts > 0)
        {
            WritePart(body, ",\"part\":\""u8, line.Part);
            WritePart(body, ",\"parts\":\""u8, line.Parts);
        }
        WriteContent(body, line, ",\"json\":"u8, showsMessage: true);
        body.Write("}\n"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        // Of each item its status and the kind of its error, not the error's words, which may quote the line.
        var request = new HttpRequestMessage(HttpMethod.Post, Append(credentials.Url, $"/{index}/_bulk", "filter_path=errors,items.*.status,items.*.error.type"));
        Authorize(request, credentials.Token, "ApiKey");
        return request;
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => status switch
    {
        HttpStatusCode.OK => JudgeItems(body, entries) ?? new Verdict.Retry("200, which is not how Elasticsearch answers a bulk request"),
        < HttpStatusCode.MultipleChoices => new Verdict.Retry($"{(int)status}, which is not how Elasticsearch answers a bulk request"),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
        HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Verdict.Retry($"{(int)status}"),
        _ => new Verdict.Rejected($"{(int)status}"),
    };

    // {"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"document_parsing_exception"}}}]}, an item
    // for each entry in the order of the entries. Null: this is not Elasticsearch's answer.
    private static Verdict? JudgeItems(ReadOnlyMemory<byte> body, int entries)
    {
        using var answer = ReadJson(body);
        if (answer?.RootElement is not { ValueKind: JsonValueKind.Object } root
            || !root.TryGetProperty("errors", out var errors) || errors.ValueKind is not (JsonValueKind.True or JsonValueKind.False)
            || !root.TryGetProperty("items", out var items) || items.ValueKind != JsonValueKind.Array || items.GetArrayLength() != entries)
            return null;

        List<int>? refused = null, again = null;
        var (refusal, reason) = ("", "");
        var entry = 0;
        foreach (var item in items.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("create", out var result) || result.ValueKind != JsonValueKind.Object
                || !result.TryGetProperty("status", out var value) || value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var status))
                return null;
            // 409: it is there already. 400 and 413 are about the document itself; the others about the index or the cluster.
            if (status is 400 or 413)
            {
                (refused ??= []).Add(entry);
                refusal = Reason(status, result);
            }
            else if (status is not (>= 200 and < 300 or 409))
            {
                (again ??= []).Add(entry);
                reason = Reason(status, result);
            }
            entry++;
        }
        return refused is null && again is null ? new Verdict.Delivered() : new Verdict.Each(refused ?? [], again ?? [], refusal, reason);
    }

    private static string Reason(int status, JsonElement result) =>
        result.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object && error.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
            ? string.Create(CultureInfo.InvariantCulture, $"{status}, {type.GetString()}")
            : string.Create(CultureInfo.InvariantCulture, $"{status}");
}
