using System.Text;
using System.Text.Json;
using Company.Forwarder._1.Functions;
using Xunit;

namespace Company.Forwarder._1.Tests;

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

        Assert.Equal(new RedriveResult(5, 0, false), await RedriveAsync(server, s3, new RedriveRequest()));
        Assert.Empty(s3.Records);
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

        Assert.Equal(new RedriveResult(2, 4, false), await RedriveAsync(server, s3, new RedriveRequest(), invocation));
        Assert.Equal([$"{Folder}01", $"{Folder}02", $"{Folder}03", $"{Folder}04"], s3.Records.Order());
        Assert.Equal(["first", "last"], server.Taken.Select(entry => entry.Line.GetString()));
        Assert.Equal(4, invocation.Lines.Count(line => line.Contains(" stays in failed-events: ", StringComparison.Ordinal)));

        Assert.Equal(new RedriveResult(1, 3, false), await RedriveAsync(server, s3, new RedriveRequest()));
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

        Assert.Equal(new RedriveResult(3, 0, true, Key("02")), await RedriveAsync(server, s3, new RedriveRequest(3)));
        Assert.Equal(new RedriveResult(1, 0, false), await RedriveAsync(server, s3, new RedriveRequest(3)));
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

        var first = await RedriveAsync(server, s3, new RedriveRequest(2));
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

        Assert.Equal(new RedriveResult(1, 1, true, Key("01")), await RedriveAsync(server, s3, new RedriveRequest()));
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(3, s3.Records.Count());
    }

    [Fact]
    public async Task Begins_nothing_that_it_has_no_time_for()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        s3.Objects[$"{Folder}00"] = Failed(LogsEvent.Of("a"));

        var invocation = new TestInvocation(TimeSpan.FromSeconds(10));
        Assert.Equal(new RedriveResult(0, 0, true), await RedriveAsync(server, s3, new RedriveRequest(), invocation));
        // The next call goes on where this one was to begin.
        Assert.Equal(new RedriveResult(0, 0, true, "a"), await RedriveAsync(server, s3, new RedriveRequest(null, null, "a"), invocation));
        Assert.Empty(server.Requests);
        Assert.Single(s3.Records);
    }

    [Fact]
    public async Task Says_what_it_is_to_be_given()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        await Assert.ThrowsAsync<SettingException>(() => RedriveAsync(server, s3, new RedriveRequest(0)));
        await Assert.ThrowsAsync<SettingException>(() => RedriveAsync(server, s3, new RedriveRequest(), bucket: null));
    }

    [Fact]
    public async Task Does_nothing_while_another_redrive_runs()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        var isShipping = new TaskCompletionSource();
        var goesOn = new TaskCompletionSource();
        server.Faults = _ => { isShipping.TrySetResult(); goesOn.Task.Wait(); return null; };
        s3.Objects[$"{Folder}00"] = Failed(LogsEvent.Of("once"));
        var first = Task.Run(() => RedriveAsync(server, s3, new RedriveRequest()));
        await isShipping.Task;

        var second = await RedriveAsync(server, s3, new RedriveRequest());
        goesOn.SetResult();

        Assert.Equal((0, 0, true, "Another redrive is running. Run this one again when it is over."), (second.Redriven, second.Failed, second.Remaining, second.Note));
        Assert.Equal(new RedriveResult(1, 0, false), await first);
        Assert.Single(server.Taken);
        Assert.Equal(new RedriveResult(0, 0, false), await RedriveAsync(server, s3, new RedriveRequest()));
    }

    [Fact]
    public async Task Lets_one_of_many_that_start_at_the_same_moment_run()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        foreach (var n in Enumerable.Range(0, 4))
            s3.Objects[$"{Folder}0{n}"] = Failed(LogsEvent.Of($"line {n}"));

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => RedriveAsync(server, s3, new RedriveRequest()))));

        Assert.Equal(4, results.Sum(result => result.Redriven));
        Assert.Equal(4, server.Taken.Count());
    }

    [Fact]
    public async Task Takes_over_from_a_redrive_that_ended_without_a_word()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        s3.Objects[$"failed-events/{RedriveLease.Key}"] = Encoding.UTF8.GetBytes($$"""{"until":"{{DateTimeOffset.UtcNow.AddSeconds(-1):O}}"}""");
        s3.Objects[$"{Folder}00"] = Failed(LogsEvent.Of("a"));

        Assert.Equal(new RedriveResult(1, 0, false), await RedriveAsync(server, s3, new RedriveRequest()));
    }

    [Fact]
    public async Task Goes_on_by_schedule_where_it_stopped_and_begins_again_when_it_is_through()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        foreach (var n in Enumerable.Range(0, 3))
            s3.Objects[$"{Folder}0{n}"] = "not a record"u8.ToArray();
        s3.Objects[$"{Folder}03"] = Failed(LogsEvent.Of("behind them"));
        var scheduled = new RedriveRequest(2, Continue: true);

        Assert.Equal(new RedriveResult(0, 2, true, Key("01")), await RedriveAsync(server, s3, scheduled));
        Assert.Equal(new RedriveResult(1, 1, false), await RedriveAsync(server, s3, scheduled));
        Assert.Equal(new RedriveResult(0, 2, true, Key("01")), await RedriveAsync(server, s3, scheduled));
    }

    [Theory]
    [InlineData("GET", "2026-11-22T12.00.02", 2)] // reads a record
    [InlineData("DELETE", "2026-11-22T12.00.01", 1)] // deletes one
    [InlineData("GET", "failed-events", 0)] // lists the bucket
    [InlineData("PUT", "redrive/lease", 0)] // takes the lease
    public async Task Tells_what_it_has_done_when_S3_fails(string method, string path, int redriven)
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        foreach (var n in Enumerable.Range(0, 4))
            s3.Objects[$"{Folder}0{n}"] = Failed(LogsEvent.Of($"line {n}"));
        s3.Fails = (given, target) => given == method && target.EndsWith(path, StringComparison.Ordinal) ? 503 : null;
        var invocation = new TestInvocation();

        var failure = await Assert.ThrowsAsync<RedriveException>(() => RedriveAsync(server, s3, new RedriveRequest(), invocation));

        Assert.Equal((redriven, 0, true), (failure.Result.Redriven, failure.Result.Failed, failure.Result.Remaining));
        Assert.StartsWith($"{redriven} events redriven, 0 failed; then S3 failed (503 SlowDown). Run redrive again to go on", failure.Message, StringComparison.Ordinal);
        Assert.Contains(invocation.Lines, line => line == $"Error: Redriven {redriven}, failed 0, then S3 failed (503 SlowDown)");
        s3.Fails = (_, _) => null;
        Assert.False((await RedriveAsync(server, s3, new RedriveRequest())).Remaining);
        Assert.Empty(s3.Records);
    }

    [Fact]
    public async Task Sets_a_line_aside_that_is_refused_for_good_and_keeps_it_when_it_is_refused_again()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        server.LongestBody = 5_000;
        s3.Objects[$"{Folder}00"] = Failed(LogsEvent.Of("good", new string('x', 6_000), "good as well"));

        Assert.Equal(new RedriveResult(1, 0, false), await RedriveAsync(server, s3, new RedriveRequest()));
        Assert.Equal(["good", "good as well"], server.Taken.Select(entry => entry.Line.GetString()));
        Assert.StartsWith("failed-events/refused/", Assert.Single(s3.Records), StringComparison.Ordinal);

        Assert.Equal(new RedriveResult(0, 1, false), await RedriveAsync(server, s3, new RedriveRequest(Prefix: "refused/")));
        Assert.Single(s3.Records);
        server.LongestBody = int.MaxValue;
        Assert.Equal(new RedriveResult(1, 0, false), await RedriveAsync(server, s3, new RedriveRequest(Prefix: "refused/")));
        Assert.Empty(s3.Records);
        Assert.Equal((LogsEvent.Id(1), new string('x', 6_000)), (server.Taken.Last().EventId, server.Taken.Last().Line.GetString()));
    }

    [Fact]
    public async Task Keeps_the_refused_lines_of_each_event()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        server.LongestBody = 5_000;
        foreach (var n in Enumerable.Range(0, 3))
            s3.Objects[$"{Folder}0{n}"] = Failed(LogsEvent.Pack(LogsEvent.Json([new string('x', 6_000 + n)]).Replace(LogsEvent.Id(0), LogsEvent.Id(n), StringComparison.Ordinal)));

        Assert.Equal(new RedriveResult(3, 0, false), await RedriveAsync(server, s3, new RedriveRequest()));

        Assert.Equal(3, s3.Records.Count());
        server.LongestBody = int.MaxValue;
        Assert.Equal(new RedriveResult(3, 0, false), await RedriveAsync(server, s3, new RedriveRequest(Prefix: "refused/")));
        Assert.Equal([6_000, 6_001, 6_002], server.Taken.Select(entry => entry.Line.GetString()!.Length).Order());
    }

    [Theory]
    [InlineData("{}", null, null, null, false)]
    [InlineData("""{"max":7,"prefix":"a/","after":"a/b"}""", 7, "a/", "a/b", false)]
    [InlineData("""{"continue":true}""", null, null, null, true)]
    public void Reads_its_request(string json, int? max, string? prefix, string? after, bool continues) =>
        Assert.Equal(new RedriveRequest(max, prefix, after, continues), JsonSerializer.Deserialize(json, RedriveJson.Default.RedriveRequest));

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
        using var client = s3.CreateClient();
        return await Redrive.HandleAsync(request, invocation ?? new TestInvocation(), client, bucket, TestShipper.Create(server).ShipAsync);
    }
}
