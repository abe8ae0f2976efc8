using System.Net;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class HttpEndpointTests
{
    private static readonly string[] Logged =
    [
        "2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"\n",
        """{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}""",
    ];

    [Fact]
    public async Task Sends_newline_delimited_JSON()
    {
        await using var server = await DestinationServer.StartAsync(new HttpEndpointServer());
        await Create(server).ShipAsync(LogsEvent.Of(Logged), new TestInvocation());

        var request = Assert.Single(server.Requests);
        Assert.Equal(
            """
            {"timestamp":"2026-11-22T12:00:00.123Z","account":"123456789012","region":"ap-southeast-2","log_group":"/aws/lambda/acme-auth-dev-hello","log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service":"acme-auth","stage":"dev","function":"hello","level":"info","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace_id":"1-69219a2e-5f84d3a52f5e47c89a1b2c3d","event_id":"38800000000000000000000000000000000000000000000000000000","message":"2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\""}
            {"timestamp":"2026-11-22T12:00:00.124Z","account":"123456789012","region":"ap-southeast-2","log_group":"/aws/lambda/acme-auth-dev-hello","log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service":"acme-auth","stage":"dev","function":"hello","level":"error","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace_id":"1-69219a2e-5f84d3a52f5e47c89a1b2c3d","event_id":"38800000000000000000000000000000000000000000000000000001","log":{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}}

            """,
            Encoding.UTF8.GetString(request.Body));
        Assert.Equal(("/ingest", "Bearer token-1"), (request.Target, request.Headers["Authorization"]));
        Assert.Equal("application/x-ndjson; charset=utf-8", request.Headers["Content-Type"]);
        Assert.Equal("gzip", request.Headers["Content-Encoding"]);
    }

    [Theory]
    [InlineData("X-Api-Key", "t:1", "X-Api-Key: t:1")]
    [InlineData("Authorization: Token", "t", "Authorization: Token t")]
    [InlineData("", "t%1", "Authorization: Bearer t%1")]
    [InlineData("", "user:password", "Authorization: Basic dXNlcjpwYXNzd29yZA==")]
    [InlineData("X-Api-Key", "", null)]
    public void Puts_the_token_where_the_endpoint_wants_it(string setting, string token, string? header)
    {
        using var request = new HttpEndpoint(name => name == "HTTP_HEADER" && setting.Length > 0 ? setting : null).CreateRequest(
            Credentials.Parse($$"""{"url":"https://host/in?a=b","token":"{{token}}"}""", "ssm:/acme", hasToken: false), LogSource.Of(LogsEvent.Read(LogsEvent.Of("a")), null, null));

        Assert.Equal(header is null ? [] : [header], request.Headers.Select(one => $"{one.Key}: {one.Value.Single()}"));
        Assert.Equal("https://host/in?a=b", request.RequestUri!.AbsoluteUri);
    }

    [Theory]
    [InlineData("^ok$", "ok", true)]
    [InlineData("^ok$", "", false)]
    [InlineData("\"failed\":0\\b", "{\"ingested\":3,\"failed\":0}", true)]
    [InlineData("\"failed\":0\\b", "{\"ingested\":2,\"failed\":1}", false)]
    public void Counts_as_delivered_what_the_setting_describes(string answer, string body, bool isDelivered) =>
        Assert.Equal(isDelivered, new HttpEndpoint(name => name == "HTTP_ANSWER" ? answer : null).Judge(HttpStatusCode.OK, Encoding.UTF8.GetBytes(body), 3) is Verdict.Delivered);

    [Theory]
    [InlineData("HTTP_ANSWER", "(", "HTTP_ANSWER is not a regular expression")]
    [InlineData("HTTP_ANSWER", "(?=a)", "HTTP_ANSWER is not a regular expression")]
    [InlineData("HTTP_HEADER", "a b", "HTTP_HEADER is not the name of a header")]
    [InlineData("HTTP_HEADER", "X\nX-Injected: 1", "HTTP_HEADER is not the name of a header")]
    public void Refuses_a_setting_that_cannot_be(string setting, string value, string message) =>
        Assert.StartsWith(message, Assert.Throws<SettingException>(() => new HttpEndpoint(name => name == setting ? value : null)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(200, "", "Delivered { }")]
    [InlineData(201, "", "Delivered { }")]
    [InlineData(202, "\r\n", "Delivered { }")]
    [InlineData(204, "", "Delivered { }")]
    [InlineData(200, "<html>", "Retry { Reason = 200, which is not how HTTP_ANSWER says that the endpoint confirms the lines }")]
    [InlineData(200, """{"error":"x"}""", "Retry { Reason = 200, which is not how HTTP_ANSWER says that the endpoint confirms the lines }")]
    [InlineData(203, "", "Retry { Reason = 203, which is not how HTTP_ANSWER says that the endpoint confirms the lines }")]
    [InlineData(301, "", "Rejected { Reason = 301 }")]
    [InlineData(400, "", "Rejected { Reason = 400 }")]
    [InlineData(401, "", "Unauthorized { }")]
    [InlineData(403, "", "Unauthorized { }")]
    [InlineData(404, "", "Rejected { Reason = 404 }")]
    [InlineData(408, "", "Retry { Reason = 408 }")]
    [InlineData(413, "", "Split { }")]
    [InlineData(429, "", "Retry { Reason = 429 }")]
    [InlineData(500, "", "Retry { Reason = 500 }")]
    public void Judges_an_answer(int status, string body, string verdict) =>
        Assert.Equal(verdict, new HttpEndpoint(_ => null).Judge((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), 3).ToString());

    private static LogShipper Create(DestinationServer server, IReadOnlyDictionary<string, string>? settings = null, TimeProvider? clock = null) =>
        TestShipper.Create(server, settings, destination: setting => new HttpEndpoint(setting), clock: clock);
}
