using System.Net;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class DatadogTests
{
    private static readonly string[] Logged =
    [
        "2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"\n",
        """{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}""",
    ];

    [Fact]
    public async Task Sends_lines_as_the_log_intake_takes_them()
    {
        await using var server = await DestinationServer.StartAsync(new DatadogServer());
        await Create(server).ShipAsync(LogsEvent.Of(Logged), new TestInvocation());

        var request = Assert.Single(server.Requests);
        Assert.Equal(
            """
            [{"ddsource":"lambda","ddtags":"env:dev","hostname":"hello","account":"123456789012","region":"ap-southeast-2","log_group":"/aws/lambda/acme-auth-dev-hello","log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service":"acme-auth","stage":"dev","function":"hello","level":"info","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace_id":"1-69219a2e-5f84d3a52f5e47c89a1b2c3d","event_id":"38800000000000000000000000000000000000000000000000000000","status":"info","dd.trace_id":"69219a2e5f84d3a52f5e47c89a1b2c3d","timestamp":1795348800123,"message":"2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\""},{"ddsource":"lambda","ddtags":"env:dev","hostname":"hello","account":"123456789012","region":"ap-southeast-2","log_group":"/aws/lambda/acme-auth-dev-hello","log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service":"acme-auth","stage":"dev","function":"hello","level":"error","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace_id":"1-69219a2e-5f84d3a52f5e47c89a1b2c3d","event_id":"38800000000000000000000000000000000000000000000000000001","status":"error","dd.trace_id":"69219a2e5f84d3a52f5e47c89a1b2c3d","timestamp":1795348800124,"message":"🚀","log":{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}}]
            """,
            Encoding.UTF8.GetString(request.Body));
        Assert.Equal(("/api/v2/logs", "token-1"), (request.Target, request.Headers["DD-API-KEY"]));
        Assert.Equal("gzip", request.Headers["Content-Encoding"]);
    }

    [Theory]
    [InlineData(17.49, false)]
    [InlineData(17.51, true)]
    public async Task Sends_a_line_that_is_too_old_without_its_time_and_says_so(double hours, bool isLate)
    {
        await using var server = await DestinationServer.StartAsync(new DatadogServer());
        using var output = new MemoryStream();
        var invocation = new TestInvocation();
        await TestShipper.Create(server, destination: setting => new Datadog(setting), output: output, clock: new TestShipper.StoppedClock(TimeSpan.FromHours(hours)))
            .ShipAsync(LogsEvent.Of("a", "b"), invocation);

        Assert.All(server.Taken, entry => Assert.Equal(!isLate, entry.Entry.TryGetProperty("timestamp", out _)));
        Assert.Equal(isLate ? "2026-11-22T12:00:00.123Z" : null, server.Taken.First().Fields.TryGetProperty("logged_at", out var time) ? time.GetString() : null);
        Assert.Equal(2, server.Taken.Count());
        Assert.Equal(isLate ? 1 : 0, invocation.Lines.Count(line => line.StartsWith("Warning: 2 lines from /aws/lambda/acme-auth-dev-hello are older than Datadog takes (17.5 hours).", StringComparison.Ordinal)));
        Assert.Equal(isLate, Encoding.UTF8.GetString(output.ToArray()).Contains("\"Late\":2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/aws/lambda/acme-auth-dev-hello", null, "lambda")]
    [InlineData("/acme/containers", null, "cloudwatch")]
    [InlineData("/acme/containers", "nginx", "nginx")]
    public async Task Names_the_source_by_which_Datadog_reads_the_line(string logGroup, string? setting, string source)
    {
        await using var server = await DestinationServer.StartAsync(new DatadogServer());
        await Create(server, setting is null ? null : new Dictionary<string, string> { ["DATADOG_SOURCE"] = setting })
            .ShipAsync(LogsEvent.Pack(LogsEvent.Json(["a"], logGroup, "stream")), new TestInvocation());

        Assert.Equal(source, Assert.Single(server.Taken).Entry.GetProperty("ddsource").GetString());
    }

    [Fact]
    public async Task Sends_no_more_than_a_thousand_entries_at_a_time()
    {
        await using var server = await DestinationServer.StartAsync(new DatadogServer());
        await Create(server).ShipAsync(LogsEvent.Of(Enumerable.Range(0, 2_001).Select(n => $"line {n}")), new TestInvocation());

        Assert.Equal([1_000, 1_000, 1], server.Requests.Select(request => server.EntriesOf(request).Count));
    }

    [Theory]
    [InlineData("https://host.example", "https://host.example/api/v2/logs")]
    [InlineData("https://host.example/api/v2/logs", "https://host.example/api/v2/logs")]
    [InlineData("https://proxy/a%20b/?tenant=7", "https://proxy/a%20b/api/v2/logs?tenant=7")]
    public void Keeps_the_path_of_the_address(string url, string target) =>
        Assert.Equal(target, new Datadog(_ => null).CreateRequest(Credentials.Parse($$"""{"url":"{{url}}","token":"t"}""", "ssm:/acme", hasToken: false), LogSource.Of(LogsEvent.Read(LogsEvent.Of("a")), null, null)).RequestUri!.AbsoluteUri);

    [Theory]
    [InlineData(202, "{}", "Delivered { }")]
    [InlineData(202, "", "Delivered { }")]
    [InlineData(202, "<html>", "Retry { Reason = 202, which is not how Datadog confirms that it has the lines }")]
    [InlineData(202, """{"errors":[]}""", "Retry { Reason = 202, which is not how Datadog confirms that it has the lines }")]
    [InlineData(200, "{}", "Retry { Reason = 200, which is not how Datadog confirms that it has the lines }")]
    [InlineData(204, "", "Retry { Reason = 204, which is not how Datadog confirms that it has the lines }")]
    [InlineData(400, """{"errors":["bad"]}""", "Rejected { Reason = 400 }")]
    [InlineData(401, "", "Unauthorized { }")]
    [InlineData(403, "", "Unauthorized { }")]
    [InlineData(404, "", "Rejected { Reason = 404 }")]
    [InlineData(408, "", "Retry { Reason = 408 }")]
    [InlineData(413, "", "Split { }")]
    [InlineData(429, "", "Retry { Reason = 429 }")]
    [InlineData(500, "", "Retry { Reason = 500 }")]
    [InlineData(503, "", "Retry { Reason = 503 }")]
    public void Judges_an_answer(int status, string body, string verdict) =>
        Assert.Equal(verdict, new Datadog(_ => null).Judge((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), 3).ToString());

    private static LogShipper Create(DestinationServer server, IReadOnlyDictionary<string, string>? settings = null, TimeProvider? clock = null) =>
        TestShipper.Create(server, settings, destination: setting => new Datadog(setting), clock: clock);
}
