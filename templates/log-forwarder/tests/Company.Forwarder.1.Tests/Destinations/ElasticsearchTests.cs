using System.Net;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class ElasticsearchTests
{
    private static readonly string[] Logged =
    [
        "2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"\n",
        """{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}""",
    ];

    [Fact]
    public async Task Sends_documents_as_the_bulk_API_takes_them()
    {
        await using var server = await DestinationServer.StartAsync(new ElasticsearchServer());
        await Create(server).ShipAsync(LogsEvent.Of(Logged), new TestInvocation());

        var request = Assert.Single(server.Requests);
        Assert.Equal(
            """
            {"create":{"_id":"38800000000000000000000000000000000000000000000000000000"}}
            {"@timestamp":"2026-11-22T12:00:00.123Z","cloud.provider":"aws","cloud.account.id":"123456789012","cloud.region":"ap-southeast-2","aws.cloudwatch.log_group":"/aws/lambda/acme-auth-dev-hello","aws.cloudwatch.log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service.name":"acme-auth","service.environment":"dev","faas.name":"hello","log.level":"info","faas.execution":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace.id":"69219a2e5f84d3a52f5e47c89a1b2c3d","event.id":"38800000000000000000000000000000000000000000000000000000","message":"2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\""}
            {"create":{"_id":"38800000000000000000000000000000000000000000000000000001"}}
            {"@timestamp":"2026-11-22T12:00:00.124Z","cloud.provider":"aws","cloud.account.id":"123456789012","cloud.region":"ap-southeast-2","aws.cloudwatch.log_group":"/aws/lambda/acme-auth-dev-hello","aws.cloudwatch.log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service.name":"acme-auth","service.environment":"dev","faas.name":"hello","log.level":"error","faas.execution":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","trace.id":"69219a2e5f84d3a52f5e47c89a1b2c3d","event.id":"38800000000000000000000000000000000000000000000000000001","message":"🚀","json":{"level":"Error","requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","traceId":"Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Sampled=1","message":"🚀","n":1.50}}

            """,
            Encoding.UTF8.GetString(request.Body));
        Assert.Equal("/logs-cloudwatch-default/_bulk?filter_path=errors,items.*.status,items.*.error.type", request.Target);
        Assert.Equal(("ApiKey token-1", "application/x-ndjson; charset=utf-8"), (request.Headers["Authorization"], request.Headers["Content-Type"]));
        Assert.Equal("gzip", request.Headers["Content-Encoding"]);
    }

    [Fact]
    public async Task Sends_only_those_documents_again_for_which_there_was_no_room()
    {
        await using var server = await DestinationServer.StartAsync(new ElasticsearchServer { Refuses = entry => entry.EventId == LogsEvent.Id(2), IsBusyFor = entry => entry.EventId == LogsEvent.Id(1) || entry.EventId == LogsEvent.Id(3) });
        using var output = new MemoryStream();
        var failure = await Assert.ThrowsAsync<DeliveryException>(() =>
            TestShipper.Create(server, destination: setting => new Elasticsearch(setting), output: output).ShipAsync(LogsEvent.Of("a", "b", "c", "d"), new TestInvocation()));

        Assert.Equal((1, 3), (failure.Undelivered, failure.Shipped));
        Assert.EndsWith("(400, document_parsing_exception)", failure.Reason, StringComparison.Ordinal);
        Assert.Equal([4, 2], server.Requests.Select(request => server.EntriesOf(request).Count));
        Assert.Equal([LogsEvent.Id(0), LogsEvent.Id(1), LogsEvent.Id(3)], server.Taken.Select(entry => entry.EventId).Order());
    }

    [Fact]
    public async Task Does_not_count_a_line_as_shipped_of_which_an_earlier_part_has_no_room()
    {
        await using var server = await DestinationServer.StartAsync(new ElasticsearchServer { Refuses = _ => false });
        ((ElasticsearchServer)server).IsBusyFor = entry => entry.Part == 1;
        server.Faults = n => n == 0 ? null : new Fault(503);
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => Create(server).ShipAsync(LogsEvent.Of("a", new string('x', 1_500_000)), new TestInvocation()));

        Assert.Equal((1, 1), (failure.Undelivered, failure.Shipped));
    }

    [Fact]
    public async Task Adds_a_line_once_that_comes_twice()
    {
        await using var server = await DestinationServer.StartAsync(new ElasticsearchServer { Refuses = _ => false });
        foreach (var _ in Enumerable.Range(0, 2))
            await Create(server).ShipAsync(LogsEvent.Of("a", new string('x', 1_500_000)), new TestInvocation());

        Assert.Equal(2, server.Requests.Count);
        Assert.Equal([0, 1, 2], server.Taken.Select(entry => entry.Part));
    }

    [Theory]
    [InlineData("user:password", "Basic dXNlcjpwYXNzd29yZA==")]
    [InlineData("VuaCfGcBCdbkQm", "ApiKey VuaCfGcBCdbkQm")]
    [InlineData("", null)]
    public void Takes_an_API_key_or_a_user_or_neither(string token, string? header)
    {
        using var request = new Elasticsearch(_ => null).CreateRequest(
            Credentials.Parse($$"""{"url":"https://host/a","token":"{{token}}"}""", "ssm:/acme", hasToken: false), LogSource.Of(LogsEvent.Read(LogsEvent.Of("a")), null, null));

        Assert.Equal(header, request.Headers.Authorization?.ToString());
        Assert.Equal("https://host/a/logs-cloudwatch-default/_bulk?filter_path=errors,items.*.status,items.*.error.type", request.RequestUri!.AbsoluteUri);
    }

    [Theory]
    [InlineData("Logs")]
    [InlineData("-logs")]
    [InlineData("logs/_doc")]
    [InlineData("logs\n")]
    public void Refuses_an_index_that_cannot_be(string index) =>
        Assert.EndsWith("such as logs-cloudwatch-default.", Assert.Throws<SettingException>(() => new Elasticsearch(_ => index)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("trace")]
    [InlineData("trace.id")]
    [InlineData("cloud")]
    [InlineData("json")]
    public void Leaves_its_own_fields_free(string name) =>
        Assert.Contains($"has the key \"{name}\"", Assert.Throws<SettingException>(() => StaticFields.Parse($"{name}=x", new Elasticsearch(_ => null).OwnFields)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""[{"create":{"status":201}},{"create":{"status":409}},{"create":{"status":200}}]""", "delivered")]
    [InlineData("""[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"mapper_parsing_exception"}}},{"create":{"status":413}}]""", "refused 1,2 again  (413;)")]
    [InlineData("""[{"create":{"status":429,"error":{"type":"es_rejected_execution_exception"}}},{"create":{"status":400}},{"create":{"status":503}}]""", "refused 1 again 0,2 (400;503)")]
    [InlineData("""[{"create":{"status":403,"error":{"type":"cluster_block_exception"}}},{"create":{"status":404}},{"create":{"status":201}}]""", "refused  again 0,1 (;404)")]
    [InlineData("""[{"create":{"status":201}},{"create":{"status":201}}]""", "unknown")]
    [InlineData("""[{"index":{"status":201}},{"create":{"status":201}},{"create":{"status":201}}]""", "unknown")]
    [InlineData("""[{"create":{"status":"201"}},{"create":{"status":201}},{"create":{"status":201}}]""", "unknown")]
    public void Judges_each_document(string items, string verdict) =>
        Assert.Equal(verdict, new Elasticsearch(_ => null).Judge(HttpStatusCode.OK, Encoding.UTF8.GetBytes($$"""{"errors":true,"items":{{items}}}"""), 3) switch
        {
            Verdict.Delivered => "delivered",
            Verdict.Each each => $"refused {string.Join(',', each.Refused)} again {string.Join(',', each.Again)} ({each.Refusal};{each.Reason})",
            _ => "unknown",
        });

    [Theory]
    [InlineData(200, "{}", "Retry { Reason = 200, which is not how Elasticsearch answers a bulk request }")]
    [InlineData(200, "", "Retry { Reason = 200, which is not how Elasticsearch answers a bulk request }")]
    [InlineData(200, "<html>", "Retry { Reason = 200, which is not how Elasticsearch answers a bulk request }")]
    [InlineData(200, """{"errors":"false","items":[]}""", "Retry { Reason = 200, which is not how Elasticsearch answers a bulk request }")]
    [InlineData(201, "", "Retry { Reason = 201, which is not how Elasticsearch answers a bulk request }")]
    [InlineData(400, "", "Rejected { Reason = 400 }")]
    [InlineData(401, "", "Unauthorized { }")]
    [InlineData(403, "", "Unauthorized { }")]
    [InlineData(404, "", "Rejected { Reason = 404 }")]
    [InlineData(413, "", "Split { }")]
    [InlineData(429, "", "Retry { Reason = 429 }")]
    [InlineData(503, "", "Retry { Reason = 503 }")]
    public void Judges_an_answer(int status, string body, string verdict) =>
        Assert.Equal(verdict, new Elasticsearch(_ => null).Judge((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), 3).ToString());

    private static LogShipper Create(DestinationServer server, IReadOnlyDictionary<string, string>? settings = null, TimeProvider? clock = null) =>
        TestShipper.Create(server, settings, destination: setting => new Elasticsearch(setting), clock: clock);
}
