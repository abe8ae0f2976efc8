using System.Globalization;
using System.Text.Json;
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
                var fields = WriteObject(writer =>
                {
                    WriteAttributes(writer, resource.GetProperty("resource"));
                    WriteAttributes(writer, record);
                });
                var line = WriteObject(writer => WriteMember(writer, "body", record.GetProperty("body"))).GetProperty("body");
                yield return new TakenEntry(fields.GetProperty("log.record.uid").GetString()!, line, fields, record);
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

    private static void WriteAttributes(Utf8JsonWriter writer, JsonElement owner) => WriteMembers(writer, owner.GetProperty("attributes"));

    private static void WriteMembers(Utf8JsonWriter writer, JsonElement pairs)
    {
        foreach (var pair in pairs.EnumerateArray())
            WriteMember(writer, pair.GetProperty("key").GetString()!, pair.GetProperty("value"));
    }

    private static void WriteMember(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        WriteValue(writer, value);
    }

    private static void WriteValue(Utf8JsonWriter writer, JsonElement value)
    {
        if (!value.EnumerateObject().Any())
        {
            writer.WriteNullValue();
            return;
        }
        var (kind, content) = (value.EnumerateObject().Single().Name, value.EnumerateObject().Single().Value);
        switch (kind)
        {
            case "kvlistValue":
                writer.WriteStartObject();
                WriteMembers(writer, content.GetProperty("values"));
                writer.WriteEndObject();
                break;
            case "arrayValue":
                writer.WriteStartArray();
                foreach (var item in content.GetProperty("values").EnumerateArray())
                    WriteValue(writer, item);
                writer.WriteEndArray();
                break;
            case "intValue":
                writer.WriteNumberValue(long.Parse(content.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
                break;
            case "stringValue" or "doubleValue" or "boolValue":
                content.WriteTo(writer);
                break;
            default:
                throw new InvalidDataException($"OTLP has no {kind}.");
        }
    }
}
