using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace sls_venture.LogForwarder.Tests;

/// <summary>Makes events as CloudWatch Logs hands them to Lambda.</summary>
public static class LogsEvent
{
    /// <summary>The time of the first line; each line comes a millisecond after the one before it.</summary>
    public const long FirstTimestamp = 1_795_348_800_123; // 2026-11-22T12:00:00.123Z

    private static readonly JsonSerializerOptions AsItIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The event with these lines in it.</summary>
    public static byte[] Of(params IEnumerable<string> lines) => Pack(Json(lines));

    /// <summary>The JSON that an event carries.</summary>
    public static string Json(
        IEnumerable<string> lines,
        string logGroup = "/aws/lambda/acme-auth-dev-hello",
        string logStream = "2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6",
        string messageType = "DATA_MESSAGE",
        string? policyLevel = null)
    {
        var events = lines.Select((line, n) => (JsonNode)new JsonObject
        {
            ["id"] = Id(n),
            ["timestamp"] = FirstTimestamp + n,
            ["message"] = line,
        });
        var json = new JsonObject
        {
            ["messageType"] = messageType,
            ["owner"] = "123456789012",
            ["logGroup"] = logGroup,
            ["logStream"] = logStream,
            ["subscriptionFilters"] = new JsonArray("acme-auth-dev-forwarding"),
            ["logEvents"] = new JsonArray([.. events]),
        };
        if (policyLevel is not null)
            json["policyLevel"] = policyLevel;
        return json.ToJsonString(AsItIs);
    }

    /// <summary>The id of the n-th line, of the length that CloudWatch gives its ids.</summary>
    public static string Id(int n) => $"3880000000000000000000000000000000000000000000000{n:0000000}";

    /// <summary>Packs the JSON: gzip, base64, the outer object.</summary>
    public static byte[] Pack(string json) => Pack(Encoding.UTF8.GetBytes(json));

    /// <inheritdoc cref="Pack(string)"/>
    public static byte[] Pack(byte[] json) => Wrap(Convert.ToBase64String(Gzip(json)));

    /// <summary>Puts base64 into the outer object.</summary>
    public static byte[] Wrap(string base64) => Encoding.UTF8.GetBytes($$$"""{"awslogs":{"data":"{{{base64}}}"}}""");

    /// <summary>Reads an event as the function does.</summary>
    public static SubscriptionEvent Read(byte[] payload) => SubscriptionEvent.Read(SubscriptionEvent.ReadEnvelope(payload.AsSpan()));

    /// <summary>The JSON that an event carries, as it was packed.</summary>
    public static byte[] Unpack(byte[] payload)
    {
        using var outer = JsonDocument.Parse(payload);
        using var gzip = new GZipStream(new MemoryStream(outer.RootElement.GetProperty("awslogs").GetProperty("data").GetBytesFromBase64()), CompressionMode.Decompress);
        using var json = new MemoryStream();
        gzip.CopyTo(json);
        return json.ToArray();
    }

    /// <summary>Compresses.</summary>
    public static byte[] Gzip(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return compressed.ToArray();
    }
}
