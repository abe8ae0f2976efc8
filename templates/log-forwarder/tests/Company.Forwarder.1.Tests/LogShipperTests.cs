using System.Globalization;
using System.Text;
using System.Text.Json;
using Amazon.S3;
using Microsoft.AspNetCore.Http;
using Xunit;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Company.Forwarder._1.Tests;

public sealed class LogShipperTests
{
    [Fact]
    public async Task Says_nothing_at_all_about_its_own_log_group()
    {
        await using var server = await DestinationServer.StartAsync();
        using var output = new MemoryStream();
        var invocation = new TestInvocation();
        await TestShipper.Create(server, output: output).ShipAsync(EventFiles.Read("own-log-group"), invocation);

        Assert.Empty(server.Requests);
        Assert.Empty(invocation.Lines);
        Assert.Equal(0, output.Length);
    }

    [Fact]
    public async Task Acknowledges_a_control_message()
    {
        await using var server = await DestinationServer.StartAsync();
        await TestShipper.Create(server).ShipAsync(EventFiles.Read("control-message"), new TestInvocation());

        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Writes_one_line_of_metrics_in_which_the_sums_are_right()
    {
        await using var server = await DestinationServer.StartAsync();
        server.Faults = n => n == 0 ? new Fault(503) : null;
        using var output = new MemoryStream();
        var settings = new Dictionary<string, string> { ["EXCLUDE_PATTERN"] = "^DEBUG", ["METRICS"] = "on" };
        await TestShipper.Create(server, settings, output: output).ShipAsync(
            LogsEvent.Of("a", "DEBUG b", "", new string('x', 2_000_000)), new TestInvocation());

        var line = Encoding.UTF8.GetString(output.ToArray());
        Assert.EndsWith("}\n", line, StringComparison.Ordinal);
        Assert.Equal(1, line.Count(c => c == '\n'));
        var metrics = JsonElement.Parse(line);
        int Value(string name) => metrics.GetProperty(name).GetInt32();
        Assert.Equal((4, 2, 2, 0, 1, 1), (Value("Received"), Value("Filtered"), Value("Shipped"), Value("Failed"), Value("Split"), Value("Retried")));
        Assert.True(Value("Bytes") > 0);
        var directive = metrics.GetProperty("_aws").GetProperty("CloudWatchMetrics")[0];
        Assert.Equal("LogForwarder", directive.GetProperty("Namespace").GetString());
        Assert.Equal("""[["FunctionName"]]""", directive.GetProperty("Dimensions").GetRawText());
        Assert.Equal("log-forwarder-dev-forwarder", metrics.GetProperty("FunctionName").GetString());
        Assert.All(directive.GetProperty("Metrics").EnumerateArray(), metric => Assert.Equal(JsonValueKind.Number, metrics.GetProperty(metric.GetProperty("Name").GetString()!).ValueKind));
        Assert.InRange(metrics.GetProperty("_aws").GetProperty("Timestamp").GetInt64(), DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData("VALUE", "größer \"漢字\" \\\u0001🚀")]
    [InlineData("""{"level":"VALUE"}""", "größer 漢字 🚀")]
    [InlineData("""{"requestId":"VALUE"}""", "größer 漢字 🚀")]
    [InlineData("""{"AWSRequestId":"VALUE"}""", "größer 漢字 🚀")]
    [InlineData("""{"function_request_id":"VALUE"}""", "größer 漢字 🚀")]
    [InlineData("""{"type":"mine","record":{"requestId":"VALUE"}}""", "größer 漢字 🚀")]
    public async Task Sends_a_line_in_numbered_parts_whichever_member_makes_it_too_long(string form, string filling)
    {
        await using var server = await DestinationServer.StartAsync();
        var limits = TestShipper.Destination.Limits;
        var line = form.Replace("VALUE", string.Concat(Enumerable.Repeat(filling, limits.EntryBytes / 15)), StringComparison.Ordinal);
        await TestShipper.Create(server).ShipAsync(LogsEvent.Of("before", line, "after"), new TestInvocation());

        Assert.All(server.Requests, request => Assert.InRange(request.Body.Length, 1, limits.Bytes));
        var taken = server.Taken.ToList();
        Assert.Equal((LogsEvent.Id(0), LogsEvent.Id(2)), (taken[0].EventId, taken[^1].EventId));
        var parts = taken[1..^1];
        Assert.Equal(Enumerable.Range(1, parts.Count), parts.Select(part => part.Part));
        Assert.All(parts, part => Assert.Equal((LogsEvent.Id(1), parts.Count), (part.EventId, part.Parts)));
        Assert.Equal(line, string.Concat(parts.Select(part => part.Line.GetString())));
    }

    [Fact]
    public async Task Fails_for_a_line_of_which_a_part_is_missing()
    {
        await using var server = await DestinationServer.StartAsync();
        var longest = TestShipper.Destination.Limits.EntryBytes;
        // The first of two parts is too long for it, the last is not.
        server.LongestBody = longest / 2;
        var failure = await Assert.ThrowsAsync<DeliveryException>(() =>
            TestShipper.Create(server).ShipAsync(LogsEvent.Of(new string('x', longest + longest / 10)), new TestInvocation()));

        Assert.Equal((1, 0), (failure.Undelivered, failure.Shipped));
        Assert.Equal((2, 2), (Assert.Single(server.Taken).Part, Assert.Single(server.Taken).Parts));
    }

    [Fact]
    public async Task Is_quiet_when_nothing_is_wrong()
    {
        await using var server = await DestinationServer.StartAsync();
        using var output = new MemoryStream();
        var invocation = new TestInvocation();
        await TestShipper.Create(server, output: output).ShipAsync(LogsEvent.Of("a", "b", "c", "d", "e"), invocation);

        Assert.Equal(5, server.Taken.Count());
        Assert.Empty(invocation.Lines);
        Assert.Equal(0, output.Length);
    }

    [Theory]
    [InlineData("DELIVERY_LOG", 1, 0)]
    [InlineData("METRICS", 0, 1)]
    public async Task Says_more_by_one_switch_for_each(string setting, int logged, int metrics)
    {
        await using var server = await DestinationServer.StartAsync();
        using var output = new MemoryStream();
        var invocation = new TestInvocation();
        await TestShipper.Create(server, new Dictionary<string, string> { [setting] = "on" }, output: output).ShipAsync(LogsEvent.Of("a", "b"), invocation);

        Assert.Equal(logged, invocation.Lines.Count(line => line == $"Information: Shipped 2 of 2 lines from /aws/lambda/acme-auth-dev-hello to {TestShipper.Destination.Name}."));
        Assert.Equal(metrics, Encoding.UTF8.GetString(output.ToArray()).Count(c => c == '\n'));
    }

    [Fact]
    public async Task Sets_aside_the_line_that_is_refused_for_good_and_succeeds()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        using var client = s3.CreateClient();
        using var output = new MemoryStream();
        server.LongestBody = 5_000;
        var invocation = new TestInvocation();
        var lines = Enumerable.Range(0, 50).Select(n => n == 20 ? new string('x', 6_000) : $"line {n}").ToArray();
        await TestShipper.Create(server, output: output).ShipAsync(LogsEvent.Of(lines), invocation, new FailedEvents(new Lazy<IAmazonS3>(client), "failed-events"));

        Assert.Equal(lines.Where((_, n) => n != 20), server.Taken.Select(entry => entry.Line.GetString()));
        var (key, record) = Assert.Single(s3.Objects);
        Assert.Matches($"^failed-events/refused/{invocation.FunctionName}/[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}/{invocation.AwsRequestId}-{LogsEvent.Id(0)}$", key);
        using var json = JsonDocument.Parse(record);
        var logs = LogsEvent.Read(Encoding.UTF8.GetBytes(json.RootElement.GetProperty("requestPayload").GetRawText()));
        Assert.Equal((1, "/aws/lambda/acme-auth-dev-hello"), (logs.LineCount, logs.LogGroup));
        Assert.Contains(invocation.Lines, line => line.StartsWith("Error: ", StringComparison.Ordinal) && line.Contains(" refuses 1 lines ", StringComparison.Ordinal));
        var metrics = JsonElement.Parse(Encoding.UTF8.GetString(output.ToArray()));
        Assert.Equal(1, metrics.GetProperty("Refused").GetInt32());
        Assert.False(metrics.TryGetProperty("Failed", out _));
    }

    [Theory]
    [InlineData(true)] // S3 does not take it
    [InlineData(false)] // there is no bucket
    public async Task Fails_for_a_refused_line_that_cannot_be_kept(bool hasBucket)
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        using var client = s3.CreateClient();
        s3.Fails = (_, _) => 503;
        server.LongestBody = 5_000;
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => TestShipper.Create(server).ShipAsync(
            LogsEvent.Of("a", new string('x', 6_000)), new TestInvocation(), hasBucket ? new FailedEvents(new Lazy<IAmazonS3>(client), "failed-events") : null));

        Assert.Equal((1, 1), (failure.Undelivered, failure.Shipped));
        Assert.StartsWith("the destination refuses them for good", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Adds_the_static_fields_to_every_line()
    {
        await using var server = await DestinationServer.StartAsync();
        await TestShipper.Create(server, new Dictionary<string, string> { ["STATIC_FIELDS"] = "team=orders, note=say \"hi\"=1" }).ShipAsync(LogsEvent.Of("a", """{"b":1}"""), new TestInvocation());

        Assert.All(server.Taken, entry =>
        {
            Assert.Equal(("orders", "say \"hi\"=1"), (entry.Fields.GetProperty("team").GetString(), entry.Fields.GetProperty("note").GetString()));
        });
        Assert.Equal(2, server.Taken.Count());
    }

    [Theory]
    [InlineData("/aws/lambda/acme-auth-dev-hello", "keep a")]
    [InlineData("/aws/lambda/acme-auth-dev-world", "keep a,b")]
    [InlineData("/aws/lambda/other", "keep a,b,secret c")]
    public async Task Includes_and_excludes_by_log_group(string logGroup, string left)
    {
        await using var server = await DestinationServer.StartAsync();
        var settings = new Dictionary<string, string>
        {
            ["EXCLUDE_PATTERN"] = "^DEBUG",
            ["LOG_GROUP_PATTERNS"] = """{"/aws/lambda/acme-auth-dev-hello":{"include":"^keep"},"/aws/lambda/acme-*":{"exclude":"^secret"}}""",
        };
        await TestShipper.Create(server, settings).ShipAsync(LogsEvent.Pack(LogsEvent.Json(["keep a", "b", "secret c", "DEBUG d"], logGroup)), new TestInvocation());

        Assert.Equal(left, string.Join(',', server.Taken.Select(entry => entry.Line.GetString())));
    }

    [Fact]
    public async Task Keeps_the_patterns_for_all_where_a_log_group_has_its_own()
    {
        await using var server = await DestinationServer.StartAsync();
        var settings = new Dictionary<string, string>
        {
            ["INCLUDE_PATTERN"] = "password",
            ["REDACT_PATTERN"] = "hunter2",
            ["LOG_GROUP_PATTERNS"] = """{"/aws/lambda/acme-*":{"exclude":"^DEBUG"}}""",
        };
        await TestShipper.Create(server, settings).ShipAsync(LogsEvent.Of("password hunter2", "another line", "DEBUG password"), new TestInvocation());

        Assert.Equal("password [redacted]", Assert.Single(server.Taken).Line.GetString());
    }

    [Theory]
    [InlineData("on", "", "ACCOUNT_LEVEL_POLICY", 1)]
    [InlineData("on", "", null, 0)] // the policy brings it as well
    [InlineData("on", "/aws/lambda/x, /aws/lambda/acme-auth-dev-hello", null, 1)] // the policy leaves it out
    [InlineData("overlap", "", null, 1)]
    [InlineData("overlap", "", "ACCOUNT_LEVEL_POLICY", 1)]
    [InlineData("off", "", null, 1)]
    [InlineData("off", "", "ACCOUNT_LEVEL_POLICY", 1)]
    public async Task Ships_a_line_once_beside_the_accounts_policy(string allLogGroups, string excluded, string? policyLevel, int times)
    {
        await using var server = await DestinationServer.StartAsync();
        var settings = new Dictionary<string, string> { ["ALL_LOG_GROUPS"] = allLogGroups, ["EXCLUDED_LOG_GROUPS"] = excluded };
        await TestShipper.Create(server, settings).ShipAsync(LogsEvent.Pack(LogsEvent.Json(["a"], policyLevel: policyLevel)), new TestInvocation());

        Assert.Equal(times, server.Taken.Count());
    }

    [Fact]
    public async Task Ends_a_send_and_reports_it_when_the_environment_is_shut_down()
    {
        await using var server = await DestinationServer.StartAsync();
        server.Faults = _ => new Fault { Hangs = true };
        using var shutdown = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        using var output = new MemoryStream();
        var started = Stopwatch.GetTimestamp();
        var failure = await Assert.ThrowsAsync<DeliveryException>(() =>
            TestShipper.Create(server, output: output, shutdown: shutdown).ShipAsync(LogsEvent.Of("a"), new TestInvocation()));

        Assert.Equal(("Lambda shuts the environment down", 1, true), (failure.Reason, failure.Undelivered, failure.IsStopped));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Equal(1, JsonElement.Parse(Encoding.UTF8.GetString(output.ToArray())).GetProperty("Failed").GetInt32());
    }

    [Fact]
    public async Task Ends_a_pause_when_the_environment_is_shut_down()
    {
        await using var server = await DestinationServer.StartAsync();
        server.Faults = _ => new Fault(503) { RetryAfter = "10" };
        using var shutdown = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        var started = Stopwatch.GetTimestamp();
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => TestShipper.Create(server, shutdown: shutdown).ShipAsync(LogsEvent.Of("a"), new TestInvocation()));

        Assert.Equal("Lambda shuts the environment down", failure.Reason);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Counts_in_the_metrics_what_it_fails_for()
    {
        await using var server = await DestinationServer.StartAsync();
        server.Faults = _ => new Fault(503);
        using var output = new MemoryStream();
        var failure = await Assert.ThrowsAsync<DeliveryException>(() =>
            TestShipper.Create(server, output: output).ShipAsync(LogsEvent.Of("a", "b"), new TestInvocation()));

        Assert.Equal((2, 0), (failure.Undelivered, failure.Shipped));
        Assert.Contains("503", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, JsonElement.Parse(Encoding.UTF8.GetString(output.ToArray())).GetProperty("Failed").GetInt32());
        Assert.Equal(TestShipper.Impatient.Attempts, server.Requests.Count);
    }

    [Fact]
    public async Task Delivers_the_rest_before_it_fails()
    {
        await using var server = await DestinationServer.StartAsync();
        server.Faults = n => n < TestShipper.Impatient.Attempts ? new Fault(500) : null;
        var lines = Enumerable.Range(0, 60).Select(n => n.ToString("0000", CultureInfo.InvariantCulture) + new string('x', 100_000)).ToArray();
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => TestShipper.Create(server).ShipAsync(LogsEvent.Of(lines), new TestInvocation()));

        Assert.Equal(60, failure.Undelivered + failure.Shipped);
        Assert.InRange(failure.Shipped, 1, 59);
        Assert.Equal(failure.Shipped, server.Taken.Count());
        Assert.Equal(LogsEvent.Id(59), server.Taken.Last().EventId);
    }

    [Fact]
    public async Task Waits_until_the_date_that_the_destination_names()
    {
        await using var server = await DestinationServer.StartAsync();
        var date = DateTimeOffset.UtcNow.AddSeconds(2);
        server.Faults = n => n == 0 ? new Fault(503) { RetryAfter = date.ToString("R", CultureInfo.InvariantCulture) } : null;
        await TestShipper.Create(server).ShipAsync(LogsEvent.Of("a"), new TestInvocation());

        Assert.Equal(2, server.Requests.Count);
        // The date has whole seconds, and a timer may be some milliseconds early.
        var named = DateTimeOffset.FromUnixTimeSeconds(date.ToUnixTimeSeconds());
        Assert.True(server.Requests.Last().Time > named.AddMilliseconds(-50), $"{server.Requests.Last().Time:O} is before {named:O}");
    }

    [Fact]
    public async Task Passes_the_trace_on_and_uses_connections_again()
    {
        await using var server = await DestinationServer.StartAsync();
        Trace.Current = "Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Parent=53995c3f42cd8ad8;Sampled=1";
        var shipper = TestShipper.Create(server);
        foreach (var _ in Enumerable.Range(0, 20))
            await shipper.ShipAsync(LogsEvent.Of("a"), new TestInvocation());

        Assert.All(server.Requests, request => Assert.Equal(Trace.Current, request.Headers["X-Amzn-Trace-Id"]));
        Assert.Single(server.Connections);
    }

    [Fact]
    public async Task Does_not_follow_a_redirect_with_the_token()
    {
        await using var server = await DestinationServer.StartAsync();
        server.Faults = _ => new Fault(307);
        await Assert.ThrowsAsync<DeliveryException>(() => TestShipper.Create(server).ShipAsync(LogsEvent.Of("a"), new TestInvocation()));

        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Never_logs_a_line_or_a_token()
    {
        await using var server = await DestinationServer.StartAsync();
        server.Token = "hunter2";
        var faults = new Fault?[] { new(429), new(503), new() { Resets = true }, new(401), new(400), new(413), new(404), new(200) { Body = "hunter2 <html>the payload" } };
        foreach (var fault in faults)
        {
            server.Faults = _ => fault;
            var invocation = new TestInvocation();
            var failure = await Assert.ThrowsAsync<DeliveryException>(() => TestShipper.Create(server).ShipAsync(LogsEvent.Of("the payload"), invocation));

            Assert.All([.. invocation.Lines, failure.ToString()], line =>
            {
                Assert.DoesNotContain("hunter2", line, StringComparison.Ordinal);
                Assert.DoesNotContain("the payload", line, StringComparison.Ordinal);
            });
            Assert.Contains(invocation.Lines, line => line.StartsWith("Error: 1 of 1 lines", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Fails_for_a_destination_that_is_not_there()
    {
        var server = await DestinationServer.StartAsync();
        var shipper = TestShipper.Create(server);
        await server.DisposeAsync();
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => shipper.ShipAsync(LogsEvent.Of("a"), new TestInvocation()));

        Assert.Contains("ConnectionError", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gives_up_also_where_the_last_attempt_found_new_credentials()
    {
        await using var server = await DestinationServer.StartAsync();
        server.Faults = n => new Fault(n == TestShipper.Impatient.Attempts - 1 ? 401 : 503);
        await using var extension = await Loopback.StartAsync(http =>
        {
            var secret = server.Credentials;
            server.Token = "token-2";
            return http.Response.WriteAsync($$"""{"SecretString":{{JsonSerializer.Serialize(secret)}}}""");
        });
        var settings = new Dictionary<string, string> { ["DESTINATION_SECRET"] = "secretsmanager:acme", ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = $"{extension.Address.Port}" };
        var failure = await Assert.ThrowsAsync<DeliveryException>(() =>
            TestShipper.Create(server, settings).ShipAsync(LogsEvent.Of("a"), new TestInvocation(TimeSpan.FromSeconds(5))));

        Assert.StartsWith("503", failure.Reason, StringComparison.Ordinal);
        Assert.EndsWith("and no attempt is left", failure.Reason, StringComparison.Ordinal);
        // The one with the credentials that were refused does not count.
        Assert.Equal(TestShipper.Impatient.Attempts + 1, server.Requests.Count);
    }

    [Fact]
    public async Task Fails_if_its_secret_cannot_be_read()
    {
        await using var server = await DestinationServer.StartAsync();
        var settings = new Dictionary<string, string> { ["DESTINATION_SECRET"] = "ssm:/acme", ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = "9" };
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => TestShipper.Create(server, settings).ShipAsync(LogsEvent.Of("a"), new TestInvocation()));

        Assert.Contains("ssm:/acme, could not be read: the extension could not be reached", failure.Message, StringComparison.Ordinal);
    }
}
