using System.Runtime.ExceptionServices;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class LineFieldsTests
{
    private const string Id = "8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b";
    private const string Trace = "1-69219a2e-5f84d3a52f5e47c89a1b2c3d";

    [Theory]
    [InlineData($"2026-11-22T12:00:00.124Z\t{Id}\tinfo\tGET /hello", "info", Id, "")] // .NET
    [InlineData($"2026-11-22T12:00:00.124Z\t{Id}\tcrit\tdown", "fatal", Id, "")]
    [InlineData($"2026-11-22T12:00:00.124Z\t{Id}\tERROR\tInvoke Error", "error", Id, "")] // Node
    [InlineData("2026-11-22T12:00:00.124Z\tundefined\tWARN\tbefore the first request", "warn", "", "")]
    [InlineData($"[WARNING]\t2026-11-22T12:00:00.124Z\t{Id}\tslow", "warn", Id, "")] // Python
    [InlineData("[ERROR] ValueError: no such thing", "error", "", "")]
    [InlineData($"2026-11-22T12:00:00.124Z {Id} Task timed out after 3.00 seconds", "", Id, "")]
    [InlineData($"RequestId: {Id} Error: Runtime exited with error: exit status 1", "", Id, "")]
    [InlineData($"calling on with Root={Trace};Parent=53995c3f42cd8ad8;Sampled=1", "", "", Trace)]
    [InlineData("Root=1-zzzzzzzz-5f84d3a52f5e47c89a1b2c3d", "", "", "")]
    [InlineData("Root=", "", "", "")]
    [InlineData($"order\t{Id}\tinfo\tis on its way", "", "", "")]
    [InlineData("[not a level] text", "", "", "")]
    [InlineData("", "", "", "")]
    [InlineData("2026-11-22T12:00:00.124Z\t", "", "", "")]
    [InlineData($"2026-11-22T12:00:00.124Z\t{Id}", "", Id, "")]
    [InlineData("START RequestId: none", "", "", "")]
    public void Reads_text(string line, string level, string requestId, string traceId)
    {
        var fields = LineFields.Read(Encoding.UTF8.GetBytes(line));

        Assert.Equal((level, requestId, traceId), Read(fields));
        Assert.False(fields.IsJson);
        Assert.False(fields.IsPlatform);
    }

    [Theory]
    [InlineData($"START RequestId: {Id} Version: $LATEST", Id, "", false)]
    [InlineData($"END RequestId: {Id}", Id, "", true)]
    [InlineData($"REPORT RequestId: {Id}\tDuration: 1 ms\t\nXRAY TraceId: {Trace}\tSegmentId: 53995c3f42cd8ad8\tSampled: true", Id, Trace, true)]
    [InlineData("INIT_START Runtime Version: provided:al2023.v1\tRuntime Version ARN: arn:…", "", "", false)]
    [InlineData("INIT_REPORT Init Duration: 151.02 ms\tPhase: init\tStatus: timeout", "", "", false)]
    [InlineData("RESTORE_START Runtime Version: dotnet:10.v1", "", "", false)]
    [InlineData("EXTENSION\tName: secrets\tState: Ready\tEvents: [SHUTDOWN, INVOKE]", "", "", false)]
    [InlineData($$$$"""{"time":"t","type":"platform.start","record":{"requestId":"{{{{Id}}}}","tracing":{"type":"X-Amzn-Trace-Id","value":"Root={{{{Trace}}}};Sampled=1"}}}""", Id, Trace, false)]
    [InlineData($$$"""{"time":"t","type":"platform.report","record":{"metrics":{"durationMs":1},"requestId":"{{{Id}}}"}}""", Id, "", true)]
    public void Knows_the_lines_of_the_platform(string line, string requestId, string traceId, bool endsRequest)
    {
        var fields = LineFields.Read(Encoding.UTF8.GetBytes(line));

        Assert.Equal(("", requestId, traceId), Read(fields));
        Assert.True(fields.IsPlatform);
        Assert.Equal(endsRequest, fields.EndsRequest);
    }

    [Theory]
    [InlineData($$"""{"level":"Information","requestId":"{{Id}}","traceId":"Root={{Trace}};Parent=1;Sampled=0","message":"a \"b\""}""", "info", Id, Trace, "\"a \\\"b\\\"\"")]
    [InlineData($$$"""{"level":"INFO","function_request_id":"{{{Id}}}","xray_trace_id":"{{{Trace}}}","message":{"a":1}}""", "info", Id, Trace, "")] // Powertools
    [InlineData($$"""{"level":"FATAL","AWSRequestId":"{{Id}}"}""", "fatal", Id, "", "")] // Java
    [InlineData("""  {"level":"Audit","requestId":{"a":[]},"traceId":7,"type":null,"record":"x"}  """, "Audit", "", "", "")]
    [InlineData("""{"type":"platform.created","message":"an app store's"}""", "", "", "", "\"an app store's\"")]
    [InlineData("""{"level":"sixteen letters.","requestId":"JKJaXmPLvHcESHA="}""", "sixteen letters.", "JKJaXmPLvHcESHA=", "", "")]
    [InlineData("""{"level":"a sentence for a level"}""", "", "", "", "")]
    [InlineData("""{"level":"\u0049NFO"}""", "", "", "", "")]
    public void Reads_JSON(string line, string level, string requestId, string traceId, string message)
    {
        var fields = LineFields.Read(Encoding.UTF8.GetBytes(line));

        Assert.Equal((level, requestId, traceId), Read(fields));
        Assert.Equal(message, Encoding.UTF8.GetString(fields.Message));
        Assert.True(fields.IsJson);
    }

    [Theory]
    [InlineData("""{"level":10}""", "trace")] // pino, bunyan
    [InlineData("""{"level":20}""", "debug")]
    [InlineData("""{"level":30,"msg":"pino"}""", "info")]
    [InlineData("""{"level":40}""", "warn")]
    [InlineData("""{"level":50}""", "error")]
    [InlineData("""{"level":60}""", "fatal")]
    [InlineData("""{"level":35}""", "info")] // a level of one's own, between two
    [InlineData("""{"level":"30"}""", "info")]
    [InlineData("""{"level":3}""", "error")] // GELF, syslog
    [InlineData("""{"level":6}""", "info")]
    [InlineData("""{"level":-1}""", "")]
    [InlineData("""{"level":30.5}""", "")]
    [InlineData("""{"severity":"NOTICE"}""", "info")] // Google Cloud
    [InlineData("""{"severity":"EMERGENCY"}""", "fatal")]
    [InlineData("""{"Level":"Warning"}""", "warn")] // Serilog, NLog
    [InlineData("""{"LogLevel":"Critical"}""", "fatal")] // Microsoft.Extensions.Logging
    [InlineData("""{"@t":"2026-11-22T12:00:00Z","@mt":"m","@l":"Verbose"}""", "trace")] // Serilog, compact
    [InlineData("""{"@t":"2026-11-22T12:00:00Z","@mt":"m"}""", "info")]
    [InlineData("""{"log.level":"warn"}""", "warn")] // Elastic Common Schema
    [InlineData("""{"log":{"logger":"a","level":"ERROR"}}""", "error")]
    [InlineData("""{"levelname":"WARNING","levelno":30}""", "warn")] // Python
    [InlineData("""{"levelno":30}""", "warn")]
    [InlineData("""{"levelname":"ERROR"}""", "error")]
    [InlineData("""{"log_level":"warning"}""", "warn")]
    [InlineData("""{"level":"SEVERE"}""", "error")] // java.util.logging
    [InlineData("""{"level":"FINE"}""", "debug")]
    [InlineData("""{"level":"dpanic"}""", "fatal")] // zap
    [InlineData("""{"lvl":"eror"}""", "eror")]
    [InlineData("""{"level":"silly"}""", "trace")] // winston
    [InlineData("""{"severityText":"Warn","severityNumber":13}""", "warn")] // OpenTelemetry
    [InlineData("""{"SeverityNumber":17}""", "error")]
    [InlineData("""{"severityText":"Error"}""", "error")]
    [InlineData("""{"severity_text":"Error"}""", "error")]
    [InlineData("""{"severity_number":17}""", "error")]
    [InlineData("""{"level":"audit","severity":"ERROR"}""", "error")] // the first that is known
    [InlineData("""{"level":{"name":"INFO"},"severity":["x"]}""", "")]
    public void Knows_the_levels_of_the_common_loggers(string line, string level) =>
        Assert.Equal(level, Encoding.UTF8.GetString(LineFields.Read(Encoding.UTF8.GetBytes(line)).Level));

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{name} is unknown")]
    [InlineData("""{"a":1} and more""")]
    [InlineData("""{"a":1}{"b":2}""")]
    [InlineData("""["a"]""")]
    [InlineData("\"a\"")]
    [InlineData("7")]
    public void Takes_what_is_no_JSON_object_for_text(string line) => Assert.False(LineFields.Read(Encoding.UTF8.GetBytes(line)).IsJson);

    // An exception costs more than all the rest that is done for a line.
    [Theory]
    [InlineData("{name} is unknown")]
    [InlineData("  { id: 1 }")]
    [InlineData("{1, 2}")]
    public void Sees_without_an_exception_that_text_in_braces_is_no_JSON(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line);
        var thread = Environment.CurrentManagedThreadId;
        var exceptions = 0;
        void Count(object? sender, FirstChanceExceptionEventArgs thrown) => exceptions += Environment.CurrentManagedThreadId == thread ? 1 : 0;

        AppDomain.CurrentDomain.FirstChanceException += Count;
        var isJson = LineFields.Read(bytes).IsJson;
        AppDomain.CurrentDomain.FirstChanceException -= Count;

        Assert.False(isJson);
        Assert.Equal(0, exceptions);
    }

    private static (string Level, string RequestId, string TraceId) Read(in LineFields fields) =>
        (Encoding.UTF8.GetString(fields.Level), Encoding.UTF8.GetString(fields.RequestId), Encoding.UTF8.GetString(fields.TraceId));
}
