using System.Net;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class NewRelicTests
{
    private static readonly string[] Logged =
    [
        "2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"\n",
        """{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}""",
    ];

    [Fact]
    public async Task Sends_lines_as_the_Log_API_takes_them()
    {
        await using var server = await DestinationServer.StartAsync(new NewRelicServer());
        await Create(server).ShipAsync(LogsEvent.Of(Logged), new TestInvocation());

        var request = Assert.Single(server.Requests);
        Assert.Equal(
            """
            [{"common":{"attributes":{"account":"123456789012","region":"ap-southeast-2","log_group":"/aws/lambda/acme-auth-dev-hello","log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service":"acme-auth","stage":"dev","function":"hello"}},"logs":[{"timestamp":1795348800123,"attributes":{"event_id":"38800000000000000000000000000000000000000000000000000000","level":"info","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace.id":"69219a2e5f84d3a52f5e47c89a1b2c3d"},"message":"2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\""},{"timestamp":1795348800124,"attributes":{"event_id":"38800000000000000000000000000000000000000000000000000001","level":"error","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace.id":"69219a2e5f84d3a52f5e47c89a1b2c3d"},"message":"{\"level\":\"Error\",\"requestId\":\"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\",\"traceId\":\"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1\",\"message\":\"🚀\",\"n\":1.50}"}]}]
            """,
            Encoding.UTF8.GetString(request.Body));
        Assert.Equal(("/log/v1", "token-1"), (request.Target, request.Headers["Api-Key"]));
        Assert.Equal("gzip", request.Headers["Content-Encoding"]);
    }

    [Theory]
    [InlineData(47.49, false)]
    [InlineData(47.51, true)]
    public async Task Sends_a_line_that_is_too_old_without_its_time_and_says_so(double hours, bool isLate)
    {
        await using var server = await DestinationServer.StartAsync(new NewRelicServer());
        using var output = new MemoryStream();
        var invocation = new TestInvocation();
        await TestShipper.Create(server, destination: setting => new NewRelic(setting), output: output, clock: new TestShipper.StoppedClock(TimeSpan.FromHours(hours)))
            .ShipAsync(LogsEvent.Of("a", "b"), invocation);

        Assert.All(server.Taken, entry => Assert.Equal(!isLate, entry.Entry.TryGetProperty("timestamp", out _)));
        Assert.Equal(isLate ? "2026-11-22T12:00:00.123Z" : null, server.Taken.First().Fields.TryGetProperty("logged_at", out var time) ? time.GetString() : null);
        Assert.Equal(2, server.Taken.Count());
        Assert.Equal(isLate ? 1 : 0, invocation.Lines.Count(line => line.StartsWith("Warning: 2 lines from /aws/lambda/acme-auth-dev-hello are older than New Relic takes (47.5 hours).", StringComparison.Ordinal)));
        Assert.Equal(isLate, Encoding.UTF8.GetString(output.ToArray()).Contains("\"Late\":2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://host.example", "https://host.example/log/v1")]
    [InlineData("https://host.example/log/v1", "https://host.example/log/v1")]
    [InlineData("https://proxy/a%20b/?tenant=7", "https://proxy/a%20b/log/v1?tenant=7")]
    public void Keeps_the_path_of_the_address(string url, string target) =>
        Assert.Equal(target, new NewRelic(_ => null).CreateRequest(Credentials.Parse($$"""{"url":"{{url}}","token":"t"}""", "ssm:/acme", hasToken: false), LogSource.Of(LogsEvent.Read(LogsEvent.Of("a")), null, null)).RequestUri!.AbsoluteUri);

    [Theory]
    [InlineData(202, """{"requestId":"a"}""", "Delivered { }")]
    [InlineData(202, "{}", "Retry { Reason = 202, which is not how New Relic confirms that it has the lines }")]
    [InlineData(202, "", "Retry { Reason = 202, which is not how New Relic confirms that it has the lines }")]
    [InlineData(202, "<html>", "Retry { Reason = 202, which is not how New Relic confirms that it has the lines }")]
    [InlineData(200, """{"requestId":"a"}""", "Retry { Reason = 200, which is not how New Relic confirms that it has the lines }")]
    [InlineData(400, "", "Rejected { Reason = 400 }")]
    [InlineData(403, "", "Unauthorized { }")]
    [InlineData(408, "", "Retry { Reason = 408 }")]
    [InlineData(413, "", "Split { }")]
    [InlineData(429, "", "Retry { Reason = 429 }")]
    [InlineData(500, "", "Retry { Reason = 500 }")]
    public void Judges_an_answer(int status, string body, string verdict) =>
        Assert.Equal(verdict, new NewRelic(_ => null).Judge((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), 3).ToString());

    private static LogShipper Create(DestinationServer server, IReadOnlyDictionary<string, string>? settings = null, TimeProvider? clock = null) =>
        TestShipper.Create(server, settings, destination: setting => new NewRelic(setting), clock: clock);
}
