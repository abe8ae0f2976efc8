using System.Text;

namespace sls_venture.LogForwarder.Tests;

/// <summary>
/// The events in <c>events/</c>: what CloudWatch Logs may hand to the forwarder, and what it should not. Set <c>WRITE_EVENTS</c> to a
/// folder and run the tests to write them anew.
/// </summary>
public static class EventFiles
{
    private const string Request = "8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b";
    private const string NextRequest = "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6";
    private const string Trace = "1-69219a2e-5f84d3a52f5e47c89a1b2c3d";

    /// <summary>The good ones: the name and the JSON inside.</summary>
    public static IReadOnlyDictionary<string, string> Good { get; } = new Dictionary<string, string>
    {
        ["plain"] = LogsEvent.Json(
        [
            "INIT_START Runtime Version: nodejs:22.v48\tRuntime Version ARN: arn:aws:lambda:ap-southeast-2::runtime:da57c20c4b965d5b75540f6865a35fc8030358e33ec44ecfed33e90901a27a72\n",
            $"START RequestId: {Request} Version: $LATEST\n",
            $"2026-11-22T12:00:00.124Z\t{Request}\tINFO\tGET /hello\n",
            "a line that was written past the logger\n",
            $"2026-11-22T12:00:00.131Z\t{Request}\tERROR\tInvoke Error\t{{\"errorType\":\"TypeError\",\"errorMessage\":\"x is not a function\"}}\n",
            $"END RequestId: {Request}\n",
            $"REPORT RequestId: {Request}\tDuration: 12.34 ms\tBilled Duration: 164 ms\tMemory Size: 128 MB\tMax Memory Used: 71 MB\tInit Duration: 151.02 ms\t\nXRAY TraceId: {Trace}\tSegmentId: 53995c3f42cd8ad8\tSampled: true\t\n",
            $"START RequestId: {NextRequest} Version: $LATEST\n",
            $"[WARNING]\t2026-11-22T12:00:03.000Z\t{NextRequest}\tslow\n",
            $"2026-11-22T12:00:06.001Z {NextRequest} Task timed out after 3.00 seconds\n\n",
            "\n",
        ]),
        ["json-lines"] = LogsEvent.Json(
        [
            $$$$"""{"time":"2026-11-22T12:00:00.100Z","type":"platform.start","record":{"requestId":"{{{{Request}}}}","functionArn":"arn:aws:lambda:ap-southeast-2:123456789012:function:acme-auth-dev-hello","version":"$LATEST","tracing":{"spanId":"53995c3f42cd8ad8","type":"X-Amzn-Trace-Id","value":"Root={{{{Trace}}}};Parent=53995c3f42cd8ad8;Sampled=1"}}}""",
            $$"""{"timestamp":"2026-11-22T12:00:00.124Z","level":"Information","requestId":"{{Request}}","traceId":"Root={{Trace}};Parent=53995c3f42cd8ad8;Sampled=1","message":"GET /hello","Path":"/hello"}""",
            $$"""{"timestamp":"2026-11-22T12:00:00.125Z","level":"Error","requestId":"{{Request}}","traceId":"Root={{Trace}};Parent=53995c3f42cd8ad8;Sampled=1","message":"The user is unknown","errorType":"KeyNotFoundException","errorMessage":"no such user","stackTrace":["at Acme.Users.Find(String id)","at Acme.Hello.Handle()"]}""",
            "{\n  \"pretty\": true,\n  \"nested\": { \"deep\": [1, 2.50, null, \"a \\\"quoted\\\" word\"] }\n}\n",
            "{not JSON, only braces}",
            $$$"""{"time":"2026-11-22T12:00:00.140Z","type":"platform.report","record":{"requestId":"{{{Request}}}","metrics":{"durationMs":12.3,"billedDurationMs":13,"memorySizeMB":128,"maxMemoryUsedMB":31},"status":"success"}}""",
        ]),
        ["multi-byte"] = LogsEvent.Json(Enumerable.Range(0, 400).Select(n =>
            $"{n}: «Straße» Ελληνικά עברית 日本語テキスト 𝄞 👩‍👩‍👧‍👦 " + new string('€', 300 + n))),
        ["lone-surrogates"] = LogsEvent.Json(["half a character: HERE.", """{"message":"half a character: \ud83d.","level":"Warning"}""", "whole"])
            .Replace("HERE", "\\ud83d", StringComparison.Ordinal),
        ["unknown-members"] = $$"""
            {"schemaVersion":{"major":2,"tags":["a",{"b":[]}]},"logEvents":[{"extractedFields":{"level":"INFO","n":"1"},"message":"first","ingestionTime":1795348800999,"timestamp":{{LogsEvent.FirstTimestamp}},"id":"{{LogsEvent.Id(0)}}"},{"id":"{{LogsEvent.Id(1)}}","timestamp":{{LogsEvent.FirstTimestamp + 1}},"message":"second \/ slashed","tags":[[[]]]}],"policyLevel":"ACCOUNT_LEVEL_POLICY","subscriptionFilters":["f"],"logStream":"2026\/11\/22\/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","logGroup":"\/aws\/lambda\/acme-auth-dev-hello","owner":"123456789012","messageType":"DATA_MESSAGE","more":null}
            """,
        ["control-message"] = LogsEvent.Json(["CWL CONTROL MESSAGE: Checking health of destination Lambda function."], "", "", "CONTROL_MESSAGE"),
        ["own-log-group"] = LogsEvent.Json(["what the forwarder logged itself"], "/aws/lambda/log-forwarder-dev-forwarder"),
        ["ten-thousand-lines"] = LogsEvent.Json(Enumerable.Range(0, 10_000).Select(n =>
            $$"""{"timestamp":"2026-11-22T12:00:00.123Z","level":"Information","requestId":"{{Request}}","traceId":"Root={{Trace}};Parent=53995c3f42cd8ad8;Sampled=1","message":"Order {{n}} is on its way – größer 漢字"}""")),
    };

    /// <summary>The malformed ones: the name, the event, and what is said of it.</summary>
    public static IReadOnlyDictionary<string, (byte[] Payload, string Says)> Malformed { get; } = new Dictionary<string, (byte[], string)>
    {
        ["malformed-no-data"] = ("""{"awslogs":{}}"""u8.ToArray(), "has no awslogs.data"),
        ["malformed-another-event"] = ("""{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"acme"}}}]}"""u8.ToArray(), "has no awslogs.data"),
        ["malformed-not-base64"] = (LogsEvent.Wrap("not base64!"), "is empty or not base64"),
        ["malformed-empty-data"] = (LogsEvent.Wrap(""), "is empty or not base64"),
        ["malformed-not-gzip"] = (LogsEvent.Wrap(Convert.ToBase64String(Encoding.UTF8.GetBytes(LogsEvent.Json(["not compressed"])))), "is not whole gzip data"),
        ["malformed-not-json"] = (LogsEvent.Pack("a log line, and no JSON around it"), "is not whole JSON"),
        ["malformed-truncated"] = (LogsEvent.Wrap(Convert.ToBase64String(LogsEvent.Gzip(Encoding.UTF8.GetBytes(LogsEvent.Json(Enumerable.Range(0, 500).Select(n => $"line {n * 7919}")))).AsSpan(0, 1200))), "is not whole"),
        ["malformed-truncated-json"] = (LogsEvent.Pack("""{"messageType":"DATA_MESSAGE","logGroup":"/aws/lambda/acme","logEvents":[{"id":"1","timestamp":1,"message":"a"}"""), "is not whole JSON"),
        ["malformed-no-log-events"] = (LogsEvent.Pack("""{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/acme","logStream":"s"}"""), "has no logEvents or no logGroup"),
        ["malformed-no-timestamp"] = (LogsEvent.Pack("""{"messageType":"DATA_MESSAGE","logGroup":"/aws/lambda/acme","logEvents":[{"id":"1","message":"a"}]}"""), "without its timestamp"),
        ["malformed-no-message"] = (LogsEvent.Pack("""{"messageType":"DATA_MESSAGE","logGroup":"/aws/lambda/acme","logEvents":[{"id":"1","timestamp":1,"message":null}]}"""), "without its message"),
    };

    /// <summary>The files, by name.</summary>
    public static IEnumerable<string> Names => Directory.GetFiles(Folder, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)!).Order();

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "events");

    /// <summary>Reads a file.</summary>
    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Folder, name + ".json"));

    /// <summary>Writes all files anew.</summary>
    public static void Write(string folder)
    {
        foreach (var (name, json) in Good)
            File.WriteAllBytes(Path.Combine(folder, name + ".json"), LogsEvent.Pack(json));
        foreach (var (name, (payload, _)) in Malformed)
            File.WriteAllBytes(Path.Combine(folder, name + ".json"), payload);
    }
}
