using System.Net;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class LokiTests
{
    private static readonly string[] Logged =
    [
        "2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"\n",
        """{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}""",
    ];

    [Fact]
    public async Task Sends_a_stream_as_the_push_API_takes_it()
    {
        await using var server = await DestinationServer.StartAsync(new LokiServer());
        await Create(server).ShipAsync(LogsEvent.Of(Logged), new TestInvocation());

        var request = Assert.Single(server.Requests);
        Assert.Equal(
            """
            {"streams":[{"stream":{"log_group":"/aws/lambda/acme-auth-dev-hello","account":"123456789012","region":"ap-southeast-2","service":"acme-auth","stage":"dev","function":"hello"},"values":[["1795348800123000000","2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"",{"log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","level":"info","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace_id":"1-69219a2e-5f84d3a52f5e47c89a1b2c3d","event_id":"38800000000000000000000000000000000000000000000000000000"}],["1795348800124000001","{\"level\":\"Error\",\"requestId\":\"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\",\"traceId\":\"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1\",\"message\":\"🚀\",\"n\":1.50}",{"log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","level":"error","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace_id":"1-69219a2e-5f84d3a52f5e47c89a1b2c3d","event_id":"38800000000000000000000000000000000000000000000000000001"}]]}]}
            """,
            Encoding.UTF8.GetString(request.Body));
        Assert.Equal(("/loki/api/v1/push", "Bearer token-1"), (request.Target, request.Headers["Authorization"]));
        Assert.False(request.Headers.ContainsKey("X-Scope-OrgID"));
        Assert.Equal("gzip", request.Headers["Content-Encoding"]);
    }

    [Fact]
    public async Task Loses_none_of_the_equal_lines_of_one_millisecond()
    {
        await using var server = await DestinationServer.StartAsync(new LokiServer());
        var logs = LogsEvent.Json(["again", "again", new string('x', 600_000)]).Replace($"{LogsEvent.FirstTimestamp + 1}", $"{LogsEvent.FirstTimestamp}", StringComparison.Ordinal);
        await Create(server).ShipAsync(LogsEvent.Pack(logs), new TestInvocation());

        Assert.Equal([0, 0, 1, 2, 3], server.Taken.Select(entry => entry.Part));
        Assert.Equal(600_000, server.Taken.Where(entry => entry.Parts == 3).Sum(entry => entry.Line.GetString()!.Length));
    }

    [Fact]
    public async Task Names_the_tenant_and_the_user()
    {
        await using var server = await DestinationServer.StartAsync(new LokiServer());
        server.Token = "7:secret";
        await Assert.ThrowsAsync<DeliveryException>(() => Create(server, new Dictionary<string, string> { ["LOKI_TENANT"] = "acme", ["STATIC_FIELDS"] = "team.of-ours=orders" }).ShipAsync(LogsEvent.Of("a"), new TestInvocation()));

        var request = server.Requests.First();
        Assert.Equal(("acme", "Basic " + Convert.ToBase64String("7:secret"u8)), (request.Headers["X-Scope-OrgID"], request.Headers["Authorization"]));
        Assert.Equal("orders", Assert.Single(server.EntriesOf(request)).Fields.GetProperty("team_of_ours").GetString());
    }

    [Fact]
    public async Task Needs_no_credentials()
    {
        await using var server = await DestinationServer.StartAsync(new LokiServer());
        using var request = new Loki(_ => null).CreateRequest(Credentials.Parse($$"""{"url":"{{server.Address}}"}""", "ssm:/acme", new Loki(_ => null).HasToken), LogSource.Of(LogsEvent.Read(LogsEvent.Of("a")), null, null));

        Assert.Null(request.Headers.Authorization);
    }

    [Fact]
    public async Task Keeps_all_lines_and_does_not_ask_for_ever_when_none_is_valid()
    {
        await using var server = await DestinationServer.StartAsync(new LokiServer());
        server.Refuses = _ => true;
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => Create(server).ShipAsync(LogsEvent.Of(Enumerable.Range(0, 1_000).Select(n => $"line {n}")), new TestInvocation()));

        Assert.Equal(1_000, failure.Undelivered);
        Assert.InRange(server.Requests.Count, 2, 70);
    }

    [Fact]
    public void Takes_no_static_field_that_would_get_one_of_its_own_names() =>
        Assert.Contains("has the key \"trace-id\"", Assert.Throws<SettingException>(() => StaticFields.Parse("trace-id=x", new Loki(_ => null).OwnFields)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("a b")]
    [InlineData("a\nX-Injected: 1")]
    public void Refuses_a_tenant_that_no_header_can_have(string tenant) =>
        Assert.StartsWith("LOKI_TENANT has a blank or another character", Assert.Throws<SettingException>(() => new Loki(_ => tenant)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("https://host.example", "https://host.example/loki/api/v1/push")]
    [InlineData("https://host.example/loki/api/v1/push", "https://host.example/loki/api/v1/push")]
    [InlineData("https://proxy/a%20b/?tenant=7", "https://proxy/a%20b/loki/api/v1/push?tenant=7")]
    public void Keeps_the_path_of_the_address(string url, string target) =>
        Assert.Equal(target, new Loki(_ => null).CreateRequest(Credentials.Parse($$"""{"url":"{{url}}","token":"t"}""", "ssm:/acme", hasToken: false), LogSource.Of(LogsEvent.Read(LogsEvent.Of("a")), null, null)).RequestUri!.AbsoluteUri);

    [Theory]
    [InlineData(204, "", "Delivered { }")]
    [InlineData(200, "", "Retry { Reason = 200, which is not how Loki confirms that it has the lines }")]
    [InlineData(202, "", "Retry { Reason = 202, which is not how Loki confirms that it has the lines }")]
    [InlineData(400, "entry too far behind", "Unclear { Reason = 400, MayBeSentAgain = True }")]
    [InlineData(401, "no org id", "Unauthorized { }")]
    [InlineData(404, "", "Rejected { Reason = 404 }")]
    [InlineData(413, "", "Split { }")]
    [InlineData(429, "", "Retry { Reason = 429 }")]
    [InlineData(500, "", "Retry { Reason = 500 }")]
    public void Judges_an_answer(int status, string body, string verdict) =>
        Assert.Equal(verdict, new Loki(_ => null).Judge((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), 3).ToString());

    private static LogShipper Create(DestinationServer server, IReadOnlyDictionary<string, string>? settings = null, TimeProvider? clock = null) =>
        TestShipper.Create(server, settings, destination: setting => new Loki(setting), clock: clock);
}
