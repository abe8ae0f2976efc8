using System.Text;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3;
using sls_forwarder.Functions;
using Xunit;

namespace sls_forwarder.Tests;

public sealed class RedriveTests
{
    private const string Folder = "failed-events/aws/lambda/async/log-forwarder-dev-forwarder/2026/11/22/2026-11-22T12.00.";

    [Fact]
    public async Task Ships_what_has_failed_and_deletes_it_then()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        foreach (var n in Enumerable.Range(0, 5))
            s3.Objects[$"{Folder}0{n}-8f6b1c2a"] = Failed(LogsEvent.Of($"line {n}", "€"));

        Assert.Equal(new RedriveResult(5, 0, false), await RedriveAsync(server, s3, new RedriveRequest(null, null)));
        Assert.Empty(s3.Objects);
        Assert.Equal(["line 0", "€", "line 1", "€", "line 2", "€", "line 3", "€", "line 4", "€"], server.Taken.Select(entry => entry.Line.GetString()));
    }

    [Fact]
    public async Task Keeps_what_fails_again()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        server.Faults = n => n is >= 1 and <= 6 ? new Fault(503) : null;
        s3.Objects[$"{Folder}00"] = Failed(LogsEvent.Of("first"));
        s3.Objects[$"{Folder}01"] = Failed(LogsEvent.Of("second"));
        s3.Objects[$"{Folder}02"] = Failed(EventFiles.Malformed["malformed-not-gzip"].Payload);
        s3.Objects[$"{Folder}03"] = "not a record"u8.ToArray();
        s3.Objects[$"{Folder}04"] = """{"version":"1.0"}"""u8.ToArray();
        s3.Objects[$"{Folder}05"] = Failed(LogsEvent.Of("last"));
        var invocation = new TestInvocation();

        Assert.Equal(new RedriveResult(2, 4, false), await RedriveAsync(server, s3, new RedriveRequest(null, null), invocation));
        Assert.Equal([$"{Folder}01", $"{Folder}02", $"{Folder}03", $"{Folder}04"], s3.Objects.Keys.Order());
        Assert.Equal(["first", "last"], server.Taken.Select(entry => entry.Line.GetString()));
        Assert.Equal(4, invocation.Lines.Count(line => line.Contains(" stays in failed-events: ", StringComparison.Ordinal)));

        Assert.Equal(new RedriveResult(1, 3, false), await RedriveAsync(server, s3, new RedriveRequest(null, null)));
        Assert.Contains("second", server.Taken.Select(entry => entry.Line.GetString()));
    }

    [Fact]
    public async Task Does_as_much_as_it_is_asked_for_and_says_that_there_is_more()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        foreach (var n in Enumerable.Range(0, 4))
            s3.Objects[$"{Folder}0{n}"] = Failed(LogsEvent.Of($"line {n}"));
        s3.Objects["failed-events/elsewhere/record"] = Failed(LogsEvent.Of("not Lambda's"));

        Assert.Equal(new RedriveResult(3, 0, true, Key("02")), await RedriveAsync(server, s3, new RedriveRequest(3, null)));
        Assert.Equal(new RedriveResult(1, 0, false), await RedriveAsync(server, s3, new RedriveRequest(3, null)));
        Assert.Equal(new RedriveResult(1, 0, false), await RedriveAsync(server, s3, new RedriveRequest(null, "elsewhere/")));
    }

    [Fact]
    public async Task Goes_on_behind_the_events_that_fail_again()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        foreach (var n in Enumerable.Range(0, 3))
            s3.Objects[$"{Folder}0{n}"] = "not a record"u8.ToArray();
        s3.Objects[$"{Folder}03"] = Failed(LogsEvent.Of("behind them"));

        var first = await RedriveAsync(server, s3, new RedriveRequest(2, null));
        Assert.Equal(new RedriveResult(0, 2, true, Key("01")), first);
        Assert.Equal(new RedriveResult(1, 1, false), await RedriveAsync(server, s3, new RedriveRequest(2, null, first.After)));
        Assert.Equal("behind them", Assert.Single(server.Taken).Line.GetString());
    }

    [Theory]
    [InlineData(429, "3600")] // asks for a pause
    [InlineData(401, null)] // refuses the credentials
    public async Task Stops_when_the_destination_takes_nothing_now(int status, string? retryAfter)
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        server.Faults = n => n == 0 ? null : new Fault(status) { RetryAfter = retryAfter };
        foreach (var n in Enumerable.Range(0, 4))
            s3.Objects[$"{Folder}0{n}"] = Failed(LogsEvent.Of($"line {n}"));

        Assert.Equal(new RedriveResult(1, 1, true, Key("01")), await RedriveAsync(server, s3, new RedriveRequest(null, null)));
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(3, s3.Objects.Count);
    }

    [Fact]
    public async Task Begins_nothing_that_it_has_no_time_for()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        s3.Objects[$"{Folder}00"] = Failed(LogsEvent.Of("a"));

        var invocation = new TestInvocation(TimeSpan.FromSeconds(10));
        Assert.Equal(new RedriveResult(0, 0, true), await RedriveAsync(server, s3, new RedriveRequest(null, null), invocation));
        // The next call goes on where this one was to begin.
        Assert.Equal(new RedriveResult(0, 0, true, "a"), await RedriveAsync(server, s3, new RedriveRequest(null, null, "a"), invocation));
        Assert.Empty(server.Requests);
        Assert.Single(s3.Objects);
    }

    [Fact]
    public async Task Says_what_it_is_to_be_given()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        await Assert.ThrowsAsync<SettingException>(() => RedriveAsync(server, s3, new RedriveRequest(0, null)));
        await Assert.ThrowsAsync<SettingException>(() => RedriveAsync(server, s3, new RedriveRequest(null, null), bucket: null));
    }

    [Theory]
    [InlineData("{}", null, null, null)]
    [InlineData("""{"max":7,"prefix":"a/","after":"a/b"}""", 7, "a/", "a/b")]
    public void Reads_its_request(string json, int? max, string? prefix, string? after) =>
        Assert.Equal(new RedriveRequest(max, prefix, after), JsonSerializer.Deserialize(json, RedriveJson.Default.RedriveRequest));

    [Fact]
    public void Answers_in_JSON()
    {
        Assert.Equal("""{"redriven":3,"failed":1,"remaining":true,"after":"a/b"}""", JsonSerializer.Serialize(new RedriveResult(3, 1, true, "a/b"), RedriveJson.Default.RedriveResult));
        Assert.Equal("""{"redriven":3,"failed":1,"remaining":false}""", JsonSerializer.Serialize(new RedriveResult(3, 1, false), RedriveJson.Default.RedriveResult));
    }

    /// <summary>The record that Lambda hands to a failure destination.</summary>
    internal static byte[] Failed(byte[] payload) => Encoding.UTF8.GetBytes($$$"""
        {"version":"1.0","timestamp":"2026-11-22T12:03:04.567Z","requestContext":{"requestId":"8f6b1c2a-3d4e-4f50-9a6b-7c8d9e0f1a2b","functionArn":"arn:aws:lambda:ap-southeast-2:123456789012:function:log-forwarder-dev-forwarder:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{{{Encoding.UTF8.GetString(payload)}}},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{"errorType":"DeliveryException","errorMessage":"1 of 1 lines were not delivered"}}
        """);

    private static string Key(string name) => $"{Folder}{name}"["failed-events/".Length..];

    private static async Task<RedriveResult> RedriveAsync(
        DestinationServer server, S3Server s3, RedriveRequest request, TestInvocation? invocation = null, string? bucket = "failed-events")
    {
        using var client = new AmazonS3Client(new BasicAWSCredentials("test", "test"), new AmazonS3Config { ServiceURL = s3.Address.ToString(), ForcePathStyle = true });
        return await Redrive.HandleAsync(request, invocation ?? new TestInvocation(), client, bucket, TestShipper.Create(server).ShipAsync);
    }
}
