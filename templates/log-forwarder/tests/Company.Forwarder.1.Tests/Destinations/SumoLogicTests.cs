using System.Net;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class SumoLogicTests
{
    [Fact]
    public async Task Sends_lines_as_the_HTTP_source_takes_them()
    {
        await using var server = await DestinationServer.StartAsync(new SumoLogicServer());
        await Create(server, new Dictionary<string, string> { ["SUMO_SOURCE_CATEGORY"] = "acme/dev" }).ShipAsync(
            LogsEvent.Of(
                "2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"\n",
                "{\n  \"level\":\"Error\",\"message\":\"🚀\",\"n\":1.50\n}"),
            new TestInvocation());

        var request = Assert.Single(server.Requests);
        const string common = ""","account":"123456789012","region":"ap-southeast-2","log_group":"/aws/lambda/acme-auth-dev-hello","log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service":"acme-auth","stage":"dev","function":"hello",""";
        Assert.Equal(
            """{"timestamp":"2026-11-22T12:00:00.123Z" """.TrimEnd() + common + """
            "level":"info","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","event_id":"38800000000000000000000000000000000000000000000000000000","message":"2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\""}
            {"timestamp":"2026-11-22T12:00:00.124Z"
            """ + common + """
            "level":"error","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","event_id":"38800000000000000000000000000000000000000000000000000001","log":{   "level":"Error","message":"🚀","n":1.50 }}

            """,
            Encoding.UTF8.GetString(request.Body));
        Assert.Equal("/receiver/v1/http/token-1", request.Target);
        Assert.Equal("gzip", request.Headers["Content-Encoding"]);
        Assert.Equal("/aws/lambda/acme-auth-dev-hello", request.Headers["X-Sumo-Name"]);
        Assert.Equal("2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6", request.Headers["X-Sumo-Host"]);
        Assert.Equal("acme/dev", request.Headers["X-Sumo-Category"]);
    }

    [Fact]
    public async Task Takes_a_log_stream_whose_name_is_not_ASCII()
    {
        await using var server = await DestinationServer.StartAsync(new SumoLogicServer());
        await Create(server).ShipAsync(LogsEvent.Pack(LogsEvent.Json(["a"], "/acme/größe", "漢字")), new TestInvocation());

        Assert.Single(server.Taken);
    }

    [Fact]
    public void Refuses_a_category_with_a_line_break_and_does_not_repeat_it() =>
        Assert.Equal(
            "SUMO_SOURCE_CATEGORY has a line break or another control character; must be a source category, such as acme/dev.",
            Assert.Throws<SettingException>(() => new SumoLogic(_ => "a\nX-Injected: 1")).Message);

    [Fact]
    public async Task Encodes_a_control_character_in_a_header()
    {
        await using var server = await DestinationServer.StartAsync(new SumoLogicServer());
        await Create(server).ShipAsync(LogsEvent.Pack(LogsEvent.Json(["a"], "/acme/100%", "a\r\nX-Injected: 1\u0085")), new TestInvocation());

        var headers = Assert.Single(server.Requests).Headers;
        Assert.Equal(("/acme/100%25", "a%0D%0AX-Injected: 1%85"), (headers["X-Sumo-Name"], headers["X-Sumo-Host"]));
        Assert.False(headers.ContainsKey("X-Injected"));
        Assert.Equal("a\r\nX-Injected: 1\u0085", Assert.Single(server.Taken).Entry.GetProperty("log_stream").GetString());
    }

    [Theory]
    [InlineData(200, "<html>", "Retry { Reason = 200, which is not how Sumo Logic confirms that it has the lines }")]
    [InlineData(200, """{"error":"x"}""", "Retry { Reason = 200, which is not how Sumo Logic confirms that it has the lines }")]
    [InlineData(200, """{"status":200,"id":"A","code":"bad.http.header.fields","message":"m"}""", "Delivered { }")]
    [InlineData(200, """{"status":200,"id":"A","errors":[{"code":"c"}]}""", "Retry { Reason = 200, which is not how Sumo Logic confirms that it has the lines }")]
    [InlineData(200, """{"status":200,"id":"A","error":"x"}""", "Retry { Reason = 200, which is not how Sumo Logic confirms that it has the lines }")]
    [InlineData(200, "\n", "Delivered { }")]
    public void Counts_as_delivered_only_what_Sumo_Logic_confirms(int status, string body, string verdict) =>
        Assert.Equal(verdict, new SumoLogic(_ => null).Judge((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), 5).ToString());

    [Theory]
    [InlineData(200, "Delivered { }")]
    [InlineData(401, "Unauthorized { }")]
    [InlineData(404, "Rejected { Reason = 404 }")]
    [InlineData(408, "Retry { Reason = 408 }")]
    [InlineData(413, "Split { }")]
    [InlineData(429, "Retry { Reason = 429 }")]
    [InlineData(503, "Retry { Reason = 503 }")]
    [InlineData(504, "Retry { Reason = 504 }")]
    public void Judges_an_answer(int status, string verdict) =>
        Assert.Equal(verdict, new SumoLogic(_ => null).Judge((HttpStatusCode)status, default, 5).ToString());

    private static LogShipper Create(DestinationServer server, IReadOnlyDictionary<string, string>? settings = null) =>
        TestShipper.Create(server, settings, destination: setting => new SumoLogic(setting));
}
