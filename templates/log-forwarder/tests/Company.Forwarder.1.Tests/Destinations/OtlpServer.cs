using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>A collector's OTLP endpoint: takes the records that it does not reject, and says how many it has rejected.</summary>
public sealed class OtlpServer : DestinationServer
{
    public override string Choice => "otlp";

    protected override bool IsAuthorized(HttpRequest request) => request.Path == "/v1/logs" && request.Headers.Authorization == $"Bearer {Token}";

    protected override IEnumerable<TakenEntry> Parse(byte[] body)
    {
        foreach (var resource in JsonElement.Parse(body).GetProperty("resourceLogs").EnumerateArray())
        {
            foreach (var record in resource.GetProperty("scopeLogs")[0].GetProperty("logRecords").EnumerateArray())
            {
                if (record.TryGetProperty("traceId", out var trace) && (trace.GetString()!.Length != 32 || !trace.GetString()!.All(char.IsAsciiHexDigit)))
                    throw new InvalidDataException($"A collector would refuse {record}");
                var fields = Merge(Attributes(resource.GetProperty("resource")), Attributes(record));
                yield return new TakenEntry(fields.GetProperty("log.record.uid").GetString()!, JsonElement.Parse(Value(record.GetProperty("body"))?.ToJsonString() ?? "null"), fields, record);
            }
        }
    }

    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response)
    {
        var good = entries.Where(entry => !refuses(entry)).ToList();
        Take(good);
        return good.Count == entries.Count
            ? SucceedAsync(response, [])
            : WriteAsync(response, StatusCodes.Status200OK, $$$"""{"partialSuccess":{"rejectedLogRecords":"{{{entries.Count - good.Count}}}","errorMessage":"the payload"}}""");
    }

    protected override Task SucceedAsync(HttpResponse response, byte[] body) => WriteAsync(response, StatusCodes.Status200OK, """{"partialSuccess":{}}""");

    private static JsonElement Attributes(JsonElement owner) => JsonElement.Parse(new JsonObject(
        owner.GetProperty("attributes").EnumerateArray().Select(attribute => KeyValuePair.Create(attribute.GetProperty("key").GetString()!, Value(attribute.GetProperty("value"))))).ToJsonString());

    private static JsonNode? Value(JsonElement value)
    {
        if (!value.EnumerateObject().Any())
            return null;
        var (kind, content) = (value.EnumerateObject().Single().Name, value.EnumerateObject().Single().Value);
        return kind switch
        {
            "kvlistValue" => new JsonObject(content.GetProperty("values").EnumerateArray().Select(pair => KeyValuePair.Create(pair.GetProperty("key").GetString()!, Value(pair.GetProperty("value"))))),
            "arrayValue" => new JsonArray([.. content.GetProperty("values").EnumerateArray().Select(Value)]),
            "intValue" => JsonValue.Create(long.Parse(content.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)),
            "stringValue" or "doubleValue" or "boolValue" => JsonNode.Parse(content.GetRawText()),
            _ => throw new InvalidDataException($"OTLP has no {kind}."),
        };
    }
}
