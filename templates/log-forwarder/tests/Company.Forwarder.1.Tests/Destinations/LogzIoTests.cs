using System.Net;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class LogzIoTests
{
    [Fact]
    public async Task Sends_lines_as_the_listener_takes_them()
    {
        await using var server = await DestinationServer.StartAsync(new LogzIoServer());
        await Create(server, new Dictionary<string, string> { ["LOGZIO_TYPE"] = "venture" }).ShipAsync(
            LogsEvent.Of(
                "2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\"\n",
                "{\n  \"level\":\"Error\",\"message\":\"🚀\",\"n\":1.50\n}"),
            new TestInvocation());

        var request = Assert.Single(server.Requests);
        const string common = ""","account":"123456789012","region":"ap-southeast-2","log_group":"/aws/lambda/acme-auth-dev-hello","log_stream":"2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6","service":"acme-auth","stage":"dev","function":"hello",""";
        Assert.Equal(
            """{"@timestamp":"2026-11-22T12:00:00.123Z" """.TrimEnd() + common + """
            "level":"info","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","event_id":"38800000000000000000000000000000000000000000000000000000","message":"2026-11-22T12:00:00.124Z\t8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b\tinfo\tGrüße \"漢\""}
            {"@timestamp":"2026-11-22T12:00:00.124Z"
            """ + common + """
            "level":"error","request_id":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","event_id":"38800000000000000000000000000000000000000000000000000001","message":"🚀","log":{   "level":"Error","message":"🚀","n":1.50 }}

            """,
            Encoding.UTF8.GetString(request.Body));
        Assert.Equal("/?token=token-1&type=venture", request.Target);
        Assert.Equal("gzip", request.Headers["Content-Encoding"]);
    }

    [Fact]
    public async Task Does_not_send_a_long_message_twice()
    {
        await using var server = await DestinationServer.StartAsync(new LogzIoServer());
        await Create(server).ShipAsync(LogsEvent.Of($$"""{"message":"{{new string('x', 5_000)}}"}"""), new TestInvocation());

        Assert.False(Assert.Single(server.Taken).Entry.TryGetProperty("message", out _));
    }

    [Fact]
    public void Refuses_a_type_with_blanks() =>
        Assert.Equal("LOGZIO_TYPE is \"my type\"; must be a name without blanks.", Assert.Throws<SettingException>(() => new LogzIo(_ => "my type")).Message);

    [Fact]
    public void Refuses_a_type_with_a_line_break_and_does_not_repeat_it() =>
        Assert.Equal("LOGZIO_TYPE has a line break or another control character; must be a name without blanks.", Assert.Throws<SettingException>(() => new LogzIo(_ => "a\nb")).Message);

    [Fact]
    public async Task Escapes_the_type_in_the_address()
    {
        await using var server = await DestinationServer.StartAsync(new LogzIoServer());
        await Create(server, new Dictionary<string, string> { ["LOGZIO_TYPE"] = "a&token=b#c" }).ShipAsync(LogsEvent.Of("a"), new TestInvocation());

        Assert.Equal("/?token=token-1&type=a%26token%3Db%23c", Assert.Single(server.Requests).Target);
    }

    [Theory]
    [InlineData("https://listener.logz.io:8071", "https://listener.logz.io:8071/?token=t%26u&type=cloudwatch")]
    [InlineData("https://proxy/logz?tenant=7", "https://proxy/logz/?tenant=7&token=t%26u&type=cloudwatch")]
    public void Keeps_the_path_of_the_address(string url, string target) =>
        Assert.Equal(target, new LogzIo(_ => null).CreateRequest(Credentials.Parse($$"""{"url":"{{url}}","token":"t&u"}""", "ssm:/acme", hasToken: true), LogSource.Of(LogsEvent.Read(LogsEvent.Of("a")), null, null)).RequestUri!.AbsoluteUri);

    [Theory]
    [InlineData(200, "", "Delivered { }")]
    [InlineData(200, "\r\n", "Delivered { }")]
    [InlineData(200, """{"malformedLines":0,"successfulLines":5}""", "Delivered { }")]
    [InlineData(200, """{"malformedLines":1,"successfulLines":4}""", "SomeRefused { Entries = 1, Reason = 200 }")]
    [InlineData(200, "<html>", "Retry { Reason = 200, which is not how Logz.io confirms that it has the lines }")]
    [InlineData(200, """{"error":"x"}""", "Retry { Reason = 200, which is not how Logz.io confirms that it has the lines }")]
    [InlineData(204, "", "Retry { Reason = 204, which is not how Logz.io confirms that it has the lines }")]
    [InlineData(400, """{"malformedLines":1,"successfulLines":3,"oversizedLines":1,"emptyLogLines":0}""", "SomeRefused { Entries = 2, Reason = 400 }")]
    [InlineData(400, """{"successfulLines":7}""", "Delivered { }")]
    [InlineData(400, "", "Rejected { Reason = 400 }")]
    [InlineData(401, "", "Unauthorized { }")]
    [InlineData(403, "", "Unauthorized { }")]
    [InlineData(404, "", "Rejected { Reason = 404 }")]
    [InlineData(413, "", "Split { }")]
    [InlineData(429, "", "Retry { Reason = 429 }")]
    [InlineData(500, "", "Retry { Reason = 500 }")]
    [InlineData(503, "", "Retry { Reason = 503 }")]
    public void Judges_an_answer(int status, string body, string verdict) =>
        Assert.Equal(verdict, new LogzIo(_ => null).Judge((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), 5).ToString());

    private static LogShipper Create(DestinationServer server, IReadOnlyDictionary<string, string>? settings = null) =>
        TestShipper.Create(server, settings, destination: setting => new LogzIo(setting));
}
