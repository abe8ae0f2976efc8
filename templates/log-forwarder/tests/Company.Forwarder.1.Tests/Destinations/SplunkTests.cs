using System.Net;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class SplunkTests
{
    [Fact]
    public async Task Sends_events_as_the_HTTP_Event_Collector_takes_them()
    {
        await using var server = await DestinationServer.StartAsync(new SplunkServer());
        await Create(server).ShipAsync(
            LogsEvent.Of(
                "2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"\n",
                """{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}"""),
            new TestInvocation());

        var request = Assert.Single(server.Requests);
        const string common = """{"sourcetype":"aws:cloudwatchlogs","source":"/aws/lambda/acme-auth-dev-hello","host":"hello","fields":{"account":"123456789012","region":"ap-southeast-2","log_group":"/aws/lambda/acme-auth-dev-hello","log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service":"acme-auth","stage":"dev","function":"hello",""";
        Assert.Equal(
            common + """
            "level":"info","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace_id":"1-69219a2e-5f84d3a52f5e47c89a1b2c3d","event_id":"38800000000000000000000000000000000000000000000000000000"},"time":1795348800.123,"event":"2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\""}
            """ + common + """
            "level":"error","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace_id":"1-69219a2e-5f84d3a52f5e47c89a1b2c3d","event_id":"38800000000000000000000000000000000000000000000000000001"},"time":1795348800.124,"event":{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}}
            """,
            Encoding.UTF8.GetString(request.Body));
        Assert.Equal("/services/collector/event", request.Target);
        Assert.Equal("Splunk token-1", request.Headers["Authorization"]);
        Assert.Equal("gzip", request.Headers["Content-Encoding"]);
    }

    [Fact]
    public async Task Names_an_index_and_a_source_type_if_they_are_set()
    {
        await using var server = await DestinationServer.StartAsync(new SplunkServer());
        await Create(server, new Dictionary<string, string> { ["SPLUNK_INDEX"] = "venture", ["SPLUNK_SOURCETYPE"] = "_json" })
            .ShipAsync(LogsEvent.Of("a"), new TestInvocation());

        var entry = Assert.Single(server.Taken).Entry;
        Assert.Equal("venture", entry.GetProperty("index").GetString());
        Assert.Equal("_json", entry.GetProperty("sourcetype").GetString());
    }

    [Theory]
    [InlineData("https://host:8088", "https://host:8088/services/collector/event")]
    [InlineData("https://host:8088/", "https://host:8088/services/collector/event")]
    [InlineData("https://proxy/splunk", "https://proxy/splunk/services/collector/event")]
    [InlineData("https://proxy/splunk/", "https://proxy/splunk/services/collector/event")]
    [InlineData("https://proxy/a%20b/?tenant=7", "https://proxy/a%20b/services/collector/event?tenant=7")]
    [InlineData("https://host/services/collector", "https://host/services/collector/event")]
    [InlineData("https://host/services/collector/event", "https://host/services/collector/event")]
    public void Keeps_the_path_of_the_address(string url, string target) =>
        Assert.Equal(target, new Splunk(_ => null).CreateRequest(Credentials.Parse($$"""{"url":"{{url}}","token":"t"}""", "ssm:/acme", hasToken: true), LogSource.Of(LogsEvent.Read(LogsEvent.Of("a")), null, null)).RequestUri!.AbsoluteUri);

    [Theory]
    [InlineData(200, """{"text":"Success","code":0}""", "Delivered { }")]
    [InlineData(200, """{"text":"Queue is near capacity","code":24}""", "Delivered { }")]
    [InlineData(200, """{"text":"ack queue","code":25}""", "Delivered { }")]
    [InlineData(200, "", "Retry { Reason = 200, which is not how Splunk confirms that it has the events }")]
    [InlineData(200, "<html>", "Retry { Reason = 200, which is not how Splunk confirms that it has the events }")]
    [InlineData(200, """{"error":"x"}""", "Retry { Reason = 200, which is not how Splunk confirms that it has the events }")]
    [InlineData(200, """{"code":"0"}""", "Retry { Reason = 200, which is not how Splunk confirms that it has the events }")]
    [InlineData(200, """{"text":"Server is busy","code":9}""", "Retry { Reason = 200, code 9, which is not how Splunk confirms that it has the events }")]
    [InlineData(202, """{"text":"Success","code":0}""", "Retry { Reason = 202, code 0, which is not how Splunk confirms that it has the events }")]
    [InlineData(401, """{"text":"Invalid authorization","code":3}""", "Unauthorized { }")]
    [InlineData(403, """{"text":"Invalid token","code":4}""", "Unauthorized { }")]
    [InlineData(413, "", "Split { }")]
    [InlineData(500, """{"text":"Internal server error","code":8}""", "Retry { Reason = 500, code 8 }")]
    [InlineData(503, """{"text":"Server is busy","code":9,"invalid-event-number":2}""", "Retry { Reason = 503, code 9 }")]
    [InlineData(429, """{"text":"Queue is full","code":26}""", "Retry { Reason = 429, code 26 }")]
    [InlineData(502, "<html>", "Retry { Reason = 502 }")]
    [InlineData(400, """{"text":"Invalid data format","code":6,"invalid-event-number":2}""", "EntryRefused { Entry = 2, Reason = 400, code 6 }")]
    [InlineData(400, """{"text":"Event field cannot be blank","code":13,"invalid-event-number":0}""", "EntryRefused { Entry = 0, Reason = 400, code 13 }")]
    [InlineData(400, """{"text":"Invalid data format","code":6,"invalid-event-number":9}""", "Rejected { Reason = 400, code 6 }")]
    [InlineData(400, """{"text":"Incorrect index","code":7,"invalid-event-number":1}""", "Rejected { Reason = 400, code 7 }")]
    [InlineData(400, """{"text":"Data channel is missing","code":10}""", "Rejected { Reason = 400, code 10 }")]
    [InlineData(400, "[1]", "Rejected { Reason = 400 }")]
    [InlineData(404, "", "Rejected { Reason = 404 }")]
    [InlineData(301, "", "Rejected { Reason = 301 }")]
    public void Judges_an_answer(int status, string body, string verdict) =>
        Assert.Equal(verdict, new Splunk(_ => null).Judge((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), 5).ToString());

    private static LogShipper Create(DestinationServer server, IReadOnlyDictionary<string, string>? settings = null) =>
        TestShipper.Create(server, settings, destination: setting => new Splunk(setting));
}
