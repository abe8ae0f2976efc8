using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class LineReaderTests
{
    private const string Id = "8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b";
    private const string NextId = "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6";
    private const string Trace = "1-69219a2e-5f84d3a52f5e47c89a1b2c3d";

    [Fact]
    public void Gives_each_line_of_a_request_its_id_and_its_trace()
    {
        var lines = Read(LogsEvent.Pack(EventFiles.Good["plain"]));

        Assert.Equal(
            [("", ""), (Id, Trace), (Id, Trace), (Id, Trace), (Id, Trace), (Id, Trace), (Id, Trace), (NextId, ""), (NextId, ""), (NextId, "")],
            lines.Select(line => (line.RequestId, line.TraceId)));
    }

    [Fact]
    public void Gives_a_JSON_line_without_a_trace_that_of_its_request()
    {
        var lines = Read(LogsEvent.Of(
            $$"""{"level":"INFO","requestId":"{{Id}}","message":"before it is known"}""",
            $$"""{"level":"INFO","requestId":"{{Id}}","traceId":"Root={{Trace}};Sampled=1","message":"known"}""",
            """{"level":"INFO","message":"no id"}""",
            $$$"""{"type":"platform.report","record":{"requestId":"{{{Id}}}"}}""",
            """{"level":"INFO","message":"after the end"}"""));

        Assert.Equal([(Id, Trace), (Id, Trace), (Id, Trace), (Id, Trace), ("", "")], lines.Select(line => (line.RequestId, line.TraceId)));
    }

    [Fact]
    public void Gives_no_line_the_request_of_another_where_many_are_served_at_a_time()
    {
        string[] lines =
        [
            $$"""{"requestId":"{{Id}}","traceId":"Root={{Trace}};Sampled=1","message":"one request"}""",
            $"calling on for another with Root={Trace.Replace('2', '3')};Sampled=1",
            "which request is this?",
            $$"""{"requestId":"{{Id}}","message":"the first again"}""",
        ];

        Assert.Equal(
            [(Id, Trace), ("", Trace.Replace('2', '3')), ("", ""), (Id, Trace)],
            Read(LogsEvent.Pack(LogsEvent.Json(lines, "/ecs/web", "web/container/0123"))).Select(line => (line.RequestId, line.TraceId)));
    }

    [Theory]
    [InlineData("START RequestId: {0} Version: $LATEST", "END RequestId: {0}")]
    [InlineData("""{{"time":"t","type":"platform.start","record":{{"requestId":"{0}"}}}}""", """{{"time":"t","type":"platform.report","record":{{"requestId":"{0}"}}}}""")]
    [InlineData("2026-11-22T12:00:00.124Z\t{0}\tINFO\tthe first line of the event", "2026-11-22T12:00:00.124Z\t{0}\tINFO\tthe last line")]
    [InlineData("""{{"timestamp":"t","level":"Information","requestId":"{0}","message":"the first line of the event"}}""", """{{"timestamp":"t","level":"Information","requestId":"{0}","message":"the last line"}}""")]
    public void Keeps_a_request_when_a_line_carries_the_request_id_of_another_system(string start, string end)
    {
        var lines = Read(LogsEvent.Of(
            string.Format(CultureInfo.InvariantCulture, start, Id),
            $$"""{"message":"called the shop","requestId":"{{NextId}}"}""",
            $$"""{"msg":"and the bank","requestId":"JKJaXmPLvHcESHA="}""",
            "no id",
            string.Format(CultureInfo.InvariantCulture, end, Id)));

        Assert.All(lines, line => Assert.Equal(Id, line.RequestId));
        Assert.Contains(NextId, lines[1].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"level":"info","timestamp":"t","requestId":"0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6","message":"as a runtime writes it"}""")]
    [InlineData("""{"level":"info","requestId":"0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3e"}""")]
    public void Keeps_an_announced_request_whatever_a_JSON_line_says(string line) =>
        Assert.All(
            Read(LogsEvent.Of($"START RequestId: {Id} Version: $LATEST", line, "no id", $"END RequestId: {Id}")),
            read => Assert.Equal(Id, read.RequestId));

    // Each as the only word of Lambda's that the event has about its request.
    [Theory]
    [InlineData("""{{"time":"t","type":"platform.start","record":{{"requestId":"{0}"}}}}""")]
    [InlineData("2026-11-22T12:00:00.124Z\t{0}\tINFO\tthe event begins in the middle of a request")]
    public void Keeps_a_request_when_a_JSON_line_of_another_systems_looks_like_one_of_a_runtimes(string start)
    {
        var lines = Read(LogsEvent.Of(
            string.Format(CultureInfo.InvariantCulture, start, Id),
            $$"""{"timestamp":"t","level":"info","requestId":"{{NextId}}","message":"called the shop"}""",
            "no id"));

        Assert.All(lines, line => Assert.Equal(Id, line.RequestId));
    }

    [Fact]
    public void Gives_the_lines_around_another_systems_request_id_their_trace()
    {
        var lines = Read(LogsEvent.Of(
            $"START RequestId: {Id} Version: $LATEST",
            $$"""{"requestId":"{{NextId}}","message":"called the shop"}""",
            "no id",
            $"END RequestId: {Id}",
            $"REPORT RequestId: {Id}\tDuration: 1 ms\t\nXRAY TraceId: {Trace}\tSegmentId: 53995c3f42cd8ad8\tSampled: true"));

        Assert.All(lines, line => Assert.Equal((Id, Trace), (line.RequestId, line.TraceId)));
    }

    [Theory]
    [InlineData("START RequestId: {0} Version: $LATEST", "END RequestId: {0}")]
    [InlineData("""{{"time":"t","type":"platform.start","record":{{"requestId":"{0}"}}}}""", """{{"time":"t","type":"platform.report","record":{{"requestId":"{0}"}}}}""")]
    public void Gives_a_line_that_names_no_request_none_while_two_are_open(string start, string end)
    {
        string Start(string id) => string.Format(CultureInfo.InvariantCulture, start, id);
        string End(string id) => string.Format(CultureInfo.InvariantCulture, end, id);
        var lines = Read(LogsEvent.Of(
            Start(Id), "only one is open", Start(NextId), "which?", $$"""{"timestamp":"t","level":"INFO","requestId":"{{Id}}","message":"the first"}""", "which?",
            $$"""{"requestId":"5d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6","message":"another system's"}""", End(Id), "the second only", End(NextId), "none"));

        Assert.Equal([Id, Id, NextId, "", Id, "", "", Id, NextId, NextId, ""], lines.Select(line => line.RequestId));
    }

    [Fact]
    public void Gives_a_line_that_names_no_request_none_where_requests_take_turns_unannounced()
    {
        string Line(string id) => $$"""{"timestamp":"t","level":"Information","requestId":"{{id}}","traceId":"Root={{Trace}};Sampled=1","message":"m"}""";
        var lines = Read(LogsEvent.Of(Line(Id), Line(NextId), """{"message":"which?"}""", Line(Id), """{"message":"which?"}"""));

        Assert.Equal([Id, NextId, "", Id, ""], lines.Select(line => line.RequestId));
    }

    [Fact]
    public void Gives_a_line_that_names_no_request_none_once_a_request_comes_back_also_without_traces()
    {
        string Line(string id) => $$"""{"timestamp":"t","level":"Information","requestId":"{{id}}","message":"m"}""";
        var lines = Read(LogsEvent.Of(Line(Id), Line(NextId), Line(Id), """{"message":"which?"}"""));

        Assert.Equal([Id, NextId, Id, ""], lines.Select(line => line.RequestId));
    }

    [Theory]
    [InlineData($"2026-11-22T12:00:07.500Z\t{Id}\tINFO\t{{\"orderId\":7}}", "info")] // Node
    [InlineData($"2026-11-22T12:00:07.500Z\t{Id}\tERROR\t{{\"orderId\":7}}\n", "error")]
    [InlineData($"[WARNING]\t2026-11-22T12:00:07.500Z\t{Id}\t{{\"orderId\":7}}", "warn")] // Python
    [InlineData($"2026-11-22T12:00:07.500Z\t{Id}\tcrit\t{{\n  \"orderId\": 7\n}}", "fatal")] // .NET
    public void Takes_the_JSON_out_from_behind_a_runtimes_prefix(string text, string level)
    {
        using var reader = Open(LogsEvent.Of(text), new LinePatterns(), keepPlatformLines: true);

        Assert.True(reader.Read(out var line));
        Assert.True(line.IsJson);
        Assert.Equal(7, JsonElement.Parse(Encoding.UTF8.GetString(line.Text)).GetProperty("orderId").GetInt32());
        Assert.Equal((level, Id, 1_795_348_807_500), (Encoding.UTF8.GetString(line.Level), Encoding.UTF8.GetString(line.RequestId), line.Timestamp));
    }

    [Fact]
    public void Takes_the_time_the_id_and_the_level_of_the_prefix_before_those_of_the_JSON_behind_it()
    {
        using var reader = Open(
            LogsEvent.Of($"2026-11-22T12:00:07.500Z\t{Id}\tERROR\t{{\"level\":\"info\",\"requestId\":\"{NextId}\",\"timestamp\":\"2026-11-22T11:00:00.000Z\"}}"), new LinePatterns(), keepPlatformLines: true);

        Assert.True(reader.Read(out var line));
        Assert.Equal(("error", Id, 1_795_348_807_500), (Encoding.UTF8.GetString(line.Level), Encoding.UTF8.GetString(line.RequestId), line.Timestamp));
    }

    [Fact]
    public void Reads_the_message_and_the_trace_of_the_JSON_behind_a_prefix()
    {
        using var reader = Open(LogsEvent.Of($"2026-11-22T12:00:07.500Z\t{Id}\tINFO\t{{\"message\":\"paid\",\"xray_trace_id\":\"{Trace}\"}}"), new LinePatterns(), keepPlatformLines: true);

        Assert.True(reader.Read(out var line));
        Assert.Equal(("\"paid\"", Trace), (Encoding.UTF8.GetString(line.Message), Encoding.UTF8.GetString(line.TraceId)));
    }

    [Theory]
    [InlineData($"2026-11-22T12:00:07.500Z\t{Id}\tINFO\tan order {{\"orderId\":7}}")]
    [InlineData($"2026-11-22T12:00:07.500Z\t{Id}\tINFO\t{{\"orderId\":7}} was placed")]
    [InlineData($"2026-11-22T12:00:07.500Z\t{Id}\tINFO\t{{ orderId: 7 }}")]
    [InlineData($"2026-13-22T12:00:07.500Z\t{Id}\tINFO\t{{\"orderId\":7}}")]
    public void Leaves_text_with_JSON_in_it_as_it_is(string text)
    {
        using var reader = Open(LogsEvent.Of(text), new LinePatterns(), keepPlatformLines: true);

        Assert.True(reader.Read(out var line));
        Assert.Equal((false, text, LogsEvent.FirstTimestamp), (line.IsJson, Encoding.UTF8.GetString(line.Text), line.Timestamp));
    }

    [Fact]
    public void Knows_the_request_of_a_line_even_if_the_line_that_told_it_is_left_out()
    {
        var lines = Read(LogsEvent.Pack(EventFiles.Good["plain"]), new LinePatterns(include: "past the logger"));

        Assert.Equal([(Id, Trace)], lines.Select(line => (line.RequestId, line.TraceId)));
    }

    [Theory]
    [InlineData("plain", 5)]
    [InlineData("json-lines", 4)]
    public void Drops_the_lines_of_the_platform_on_demand(string name, int left) =>
        Assert.Equal(left, Read(LogsEvent.Pack(EventFiles.Good[name]), keepPlatformLines: false).Count);

    [Fact]
    public void Keeps_the_message_of_a_runtime_that_has_died() =>
        Assert.Single(Read(LogsEvent.Of($"RequestId: {Id} Error: Runtime exited with error: signal: killed"), keepPlatformLines: false));

    [Fact]
    public void Leaves_out_empty_lines_and_counts_them()
    {
        using var reader = Open(LogsEvent.Of("a", "", "\n", " \t\r\n", "b\r\n"), new LinePatterns(), keepPlatformLines: true);

        Assert.True(reader.Read(out _));
        Assert.True(reader.Read(out var last));
        Assert.Equal("b", Encoding.UTF8.GetString(last.Text));
        Assert.False(reader.Read(out _));
        Assert.Equal(3, reader.Filtered);
    }

    [Fact]
    public void Ships_a_redacted_line_as_text_if_it_is_no_longer_JSON()
    {
        var lines = Read(
            LogsEvent.Of("""{"card":"4111 1111 1111 1111","a":1}""", """{"card":4111,"a":1}"""),
            new LinePatterns(redact: @"\d{4}( \d{4})*"));

        Assert.Equal([("""{"card":"[redacted]","a":1}""", true), ("""{"card":[redacted],"a":1}""", false)], lines.Select(line => (line.Text, line.IsJson)));
    }

    // Each of these lines tells the trace of a request, which a line without one is given.
    [Theory]
    [InlineData("""{{"requestId":"{0}","level":"Information","timestamp":"t","traceId":"Root={1}"}}""")]
    [InlineData("""{{"AWSRequestId":"{0}","traceId":"Root={1}"}}""")]
    [InlineData("""{{"function_request_id":"{0}","xray_trace_id":"{1}"}}""")]
    [InlineData("""{{"type":"platform.start","record":{{"requestId":"{0}","tracing":{{"value":"Root={1}"}}}}}}""")]
    [InlineData("""{{"type":"platform.start","record":{{"r\u0065questId":"{0}","tracing":{{"value":"Root={1}"}}}}}}""")]
    [InlineData(""" {{"AWSRequestId":"{0}","traceId":"Root={1}"}}""")]
    [InlineData("REPORT RequestId: {0}\tDuration: 1 ms\t\nXRAY TraceId: {1}\tSegmentId: 1")]
    [InlineData("2026-11-22T12:00:00.124Z\t{0}\tinfo\t{{\"traceId\":\"Root={1}\"}}")]
    public void Learns_the_trace_of_a_request_from_any_line_that_tells_it(string telling) =>
        Assert.Equal(
            Trace,
            Read(LogsEvent.Of(
                $$"""{"requestId":"{{Id}}","level":"Information","timestamp":"t"}""",
                string.Format(CultureInfo.InvariantCulture, telling, Id, Trace)))[0].TraceId);

    [Fact]
    public void Makes_JSON_fit_for_one_line_and_leaves_the_event_as_it_is()
    {
        var line = """{"message":"half: \ud83d.",§"level":"Warning"}""".Replace('§', '\n');
        using var logs = LogsEvent.Read(LogsEvent.Of(line));
        using var reader = new LineReader(logs, LogSource.Of(logs, "ap-southeast-2", "dev"), new LinePatterns(), keepPlatformLines: true);

        Assert.True(reader.Read(out var read));

        Assert.Equal("""{"message":"half: \ufffd.", "level":"Warning"}""", Encoding.UTF8.GetString(read.Text));
        Assert.Equal("\"half: \\ufffd.\"", Encoding.UTF8.GetString(read.Message));
        using var events = logs.OpenEvents();
        Assert.True(events.Read());
        Assert.Equal(line, Encoding.UTF8.GetString(events.Message));
    }

    private static List<Line> Read(byte[] payload, LinePatterns? patterns = null, bool keepPlatformLines = true)
    {
        var lines = new List<Line>();
        using var reader = Open(payload, patterns ?? new LinePatterns(), keepPlatformLines);
        while (reader.Read(out var line))
            lines.Add(new Line(Encoding.UTF8.GetString(line.Text), line.IsJson, Encoding.UTF8.GetString(line.RequestId), Encoding.UTF8.GetString(line.TraceId)));
        return lines;
    }

    private static LineReader Open(byte[] payload, LinePatterns patterns, bool keepPlatformLines)
    {
        var logs = LogsEvent.Read(payload);
        return new LineReader(logs, LogSource.Of(logs, "ap-southeast-2", "dev"), patterns, keepPlatformLines);
    }

    private sealed record Line(string Text, bool IsJson, string RequestId, string TraceId);
}
