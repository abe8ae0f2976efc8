using System.Net;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class OtlpTests
{
    private static readonly string[] Logged =
    [
        "2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"\n",
        """{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}""",
    ];

    [Fact]
    public async Task Sends_records_as_OTLP_over_HTTP_takes_them()
    {
        await using var server = await DestinationServer.StartAsync(new OtlpServer());
        await Create(server).ShipAsync(LogsEvent.Of(Logged), new TestInvocation());

        var request = Assert.Single(server.Requests);
        Assert.Equal(
            """
            {"resourceLogs":[{"resource":{"attributes":[{"key":"cloud.provider","value":{"stringValue":"aws"}},{"key":"service.name","value":{"stringValue":"acme-auth"}},{"key":"deployment.environment.name","value":{"stringValue":"dev"}},{"key":"faas.name","value":{"stringValue":"hello"}},{"key":"cloud.account.id","value":{"stringValue":"123456789012"}},{"key":"cloud.region","value":{"stringValue":"ap-southeast-2"}},{"key":"aws.log.group.name","value":{"stringValue":"/aws/lambda/acme-auth-dev-hello"}},{"key":"aws.log.stream.name","value":{"stringValue":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1795348800123000000","severityNumber":9,"severityText":"info","traceId":"69219a2e5f84d3a52f5e47c89a1b2c3d","attributes":[{"key":"log.record.uid","value":{"stringValue":"38800000000000000000000000000000000000000000000000000000"}},{"key":"faas.invocation_id","value":{"stringValue":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b"}}],"body":{"stringValue":"2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\""}},{"timeUnixNano":"1795348800124000000","severityNumber":17,"severityText":"error","traceId":"69219a2e5f84d3a52f5e47c89a1b2c3d","attributes":[{"key":"log.record.uid","value":{"stringValue":"38800000000000000000000000000000000000000000000000000001"}},{"key":"faas.invocation_id","value":{"stringValue":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b"}}],"body":{"kvlistValue":{"values":[{"key":"level","value":{"stringValue":"Error"}},{"key":"requestId","value":{"stringValue":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b"}},{"key":"traceId","value":{"stringValue":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1"}},{"key":"message","value":{"stringValue":"🚀"}},{"key":"n","value":{"doubleValue":1.50}}]}}}]}]}]}
            """,
            Encoding.UTF8.GetString(request.Body));
        Assert.Equal(("/v1/logs", "Bearer token-1"), (request.Target, request.Headers["Authorization"]));
        Assert.Equal("gzip", request.Headers["Content-Encoding"]);
    }

    [Theory]
    [InlineData("""{"a":{"b":[1,-2,[],{}],"c":null},"d":true,"e":"\u00e9\n","f":1e3,"g":9223372036854775807}""")]
    [InlineData("""{"a":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}""")]
    public async Task Keeps_the_structure_of_a_JSON_line(string line)
    {
        await using var server = await DestinationServer.StartAsync(new OtlpServer());
        await Create(server).ShipAsync(LogsEvent.Of(line), new TestInvocation());

        Assert.True(System.Text.Json.JsonElement.DeepEquals(System.Text.Json.JsonElement.Parse(line), Assert.Single(server.Taken).Line), Assert.Single(server.Taken).Line.ToString());
    }

    [Theory]
    [InlineData("""{"n":12345678901234567890123}""", "n", "12345678901234567890123")]
    [InlineData("""{"n":[[[[[[[[[[[[[[[[[1, 2]]]]]]]]]]]]]]]]]}""", null, "[[1, 2]]")]
    public async Task Sends_as_text_what_OTLP_has_no_place_for(string line, string? member, string text)
    {
        await using var server = await DestinationServer.StartAsync(new OtlpServer());
        await Create(server).ShipAsync(LogsEvent.Of(line), new TestInvocation());

        var value = Assert.Single(server.Taken).Line.GetProperty(member ?? "n");
        while (value.ValueKind == System.Text.Json.JsonValueKind.Array)
            value = value[0];
        Assert.Equal(text, value.GetString());
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("api-key", "api-key: token-1")]
    [InlineData("Authorization: Api-Token", "Authorization: Api-Token token-1")]
    public async Task Puts_the_token_where_the_platform_wants_it(string setting, string? header)
    {
        await using var server = await DestinationServer.StartAsync(new OtlpServer());
        if (header is not null)
            server.Faults = _ => new Fault(200) { Body = "{}" };
        await Create(server, setting.Length > 0 ? new Dictionary<string, string> { ["OTLP_HEADER"] = setting } : null).ShipAsync(LogsEvent.Of("a"), new TestInvocation());

        var (name, value) = (header ?? "Authorization: Bearer token-1").Split(": ") is [var first, var second] ? (first, second) : default;
        Assert.Equal(value, Assert.Single(server.Requests).Headers[name]);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData(": Token")]
    [InlineData("Authorization: Api Token")]
    [InlineData("X\nX-Injected: 1")]
    public void Refuses_a_header_that_cannot_be(string header) =>
        Assert.StartsWith("OTLP_HEADER is not the name of a header", Assert.Throws<SettingException>(() => new Otlp(_ => header)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Keeps_all_that_were_sent_together_when_some_are_rejected_and_sends_none_again()
    {
        await using var server = await DestinationServer.StartAsync(new OtlpServer());
        server.Refuses = entry => entry.EventId == LogsEvent.Id(1);
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => Create(server).ShipAsync(LogsEvent.Of("a", "b", "c"), new TestInvocation()));

        Assert.Single(server.Requests);
        Assert.Equal(3, failure.Undelivered);
        Assert.Contains("200, with 1 records rejected; it refuses at least one of 3 and does not say which", failure.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://host.example", "https://host.example/v1/logs")]
    [InlineData("https://host.example/v1/logs", "https://host.example/v1/logs")]
    [InlineData("https://proxy/a%20b/?tenant=7", "https://proxy/a%20b/v1/logs?tenant=7")]
    public void Keeps_the_path_of_the_address(string url, string target) =>
        Assert.Equal(target, new Otlp(_ => null).CreateRequest(Credentials.Parse($$"""{"url":"{{url}}","token":"t"}""", "ssm:/acme", hasToken: false), LogSource.Of(LogsEvent.Read(LogsEvent.Of("a")), null, null)).RequestUri!.AbsoluteUri);

    [Theory]
    [InlineData(200, "{}", "Delivered { }")]
    [InlineData(200, """{"partialSuccess":{}}""", "Delivered { }")]
    [InlineData(200, """{"partialSuccess":null}""", "Delivered { }")]
    [InlineData(200, """{"partialSuccess":{"errorMessage":"slow down"}}""", "Delivered { }")]
    [InlineData(200, """{"partialSuccess":{"rejectedLogRecords":"0"}}""", "Delivered { }")]
    [InlineData(200, """{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"x"}}""", "Unclear { Reason = 200, with 2 records rejected, MayBeSentAgain = False }")]
    [InlineData(200, """{"partialSuccess":{"rejectedLogRecords":2}}""", "Unclear { Reason = 200, with 2 records rejected, MayBeSentAgain = False }")]
    [InlineData(200, "", "Retry { Reason = 200, which is not how OTLP confirms that it has the records }")]
    [InlineData(200, """{"message":"hello"}""", "Retry { Reason = 200, which is not how OTLP confirms that it has the records }")]
    [InlineData(200, """{"partialSuccess":[]}""", "Retry { Reason = 200, which is not how OTLP confirms that it has the records }")]
    [InlineData(202, "{}", "Retry { Reason = 202, which is not how OTLP confirms that it has the records }")]
    [InlineData(400, "", "Rejected { Reason = 400 }")]
    [InlineData(401, "", "Unauthorized { }")]
    [InlineData(403, "", "Unauthorized { }")]
    [InlineData(408, "", "Rejected { Reason = 408 }")]
    [InlineData(413, "", "Split { }")]
    [InlineData(429, "", "Retry { Reason = 429 }")]
    [InlineData(500, "", "Rejected { Reason = 500 }")]
    [InlineData(502, "", "Retry { Reason = 502 }")]
    [InlineData(503, "", "Retry { Reason = 503 }")]
    [InlineData(504, "", "Retry { Reason = 504 }")]
    public void Judges_an_answer(int status, string body, string verdict) =>
        Assert.Equal(verdict, new Otlp(_ => null).Judge((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), 3).ToString());

    private static LogShipper Create(DestinationServer server, IReadOnlyDictionary<string, string>? settings = null, TimeProvider? clock = null) =>
        TestShipper.Create(server, settings, destination: setting => new Otlp(setting), clock: clock);
}
