using System.Text;
using Xunit;

namespace sls_forwarder.Tests;

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
        var logs = SubscriptionEvent.Read(payload);
        return new LineReader(logs, LogSource.Of(logs, "ap-southeast-2", "dev"), patterns, keepPlatformLines);
    }

    private sealed record Line(string Text, bool IsJson, string RequestId, string TraceId);
}
