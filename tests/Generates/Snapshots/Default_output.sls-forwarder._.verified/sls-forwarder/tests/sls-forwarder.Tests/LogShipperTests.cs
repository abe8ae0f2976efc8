using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serverless;
using Xunit;

namespace sls_forwarder.Tests;

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
        var settings = new Dictionary<string, string> { ["EXCLUDE_PATTERN"] = "^DEBUG" };
        await TestShipper.Create(server, settings, output: output).ShipAsync(
            LogsEvent.Of("a", "DEBUG b", "", new string('x', 2_000_000)), new TestInvocation());

        var line = Encoding.UTF8.GetString(output.ToArray());
        Assert.EndsWith("}\n", line, StringComparison.Ordinal);
        Assert.Equal(1, line.Count(c => c == '\n'));
        var metrics = JsonElement.Parse(line);
        int Value(string name) => metrics.GetProperty(name).GetInt32();
        Assert.Equal((4, 2, 2, 0, 1, 1), (Value("Received"), Value("Filtered"), Value("Shipped"), Value("Failed"), Value("Truncated"), Value("Retried")));
        Assert.True(Value("Bytes") > 0);
        var directive = metrics.GetProperty("_aws").GetProperty("CloudWatchMetrics")[0];
        Assert.Equal("LogForwarder", directive.GetProperty("Namespace").GetString());
        Assert.Equal("""[["FunctionName"]]""", directive.GetProperty("Dimensions").GetRawText());
        Assert.Equal("log-forwarder-dev-forwarder", metrics.GetProperty("FunctionName").GetString());
        Assert.All(directive.GetProperty("Metrics").EnumerateArray(), metric => Assert.Equal(JsonValueKind.Number, metrics.GetProperty(metric.GetProperty("Name").GetString()!).ValueKind));
        Assert.InRange(metrics.GetProperty("_aws").GetProperty("Timestamp").GetInt64(), DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData("""{"level":"VALUE"}""")]
    [InlineData("""{"requestId":"VALUE"}""")]
    [InlineData("""{"AWSRequestId":"VALUE"}""")]
    [InlineData("""{"function_request_id":"VALUE"}""")]
    [InlineData("""{"type":"mine","record":{"requestId":"VALUE"}}""")]
    public async Task Cuts_a_line_whichever_member_makes_it_too_long(string form)
    {
        await using var server = await DestinationServer.StartAsync();
        var limit = server.CreateDestination().Limits.EntryBytes;
        var line = form.Replace("VALUE", new string('x', limit + 10_000), StringComparison.Ordinal);
        await TestShipper.Create(server).ShipAsync(LogsEvent.Of(line), new TestInvocation());

        Assert.InRange(Assert.Single(server.Requests).Body.Length, limit - 1_000, limit);
        var taken = Assert.Single(server.Taken).Line.GetString()!;
        var kept = taken[..taken.LastIndexOf(" [cut: ", StringComparison.Ordinal)];
        Assert.StartsWith(kept, line, StringComparison.Ordinal);
        Assert.Equal($"{kept} [cut: {line.Length - kept.Length} bytes]", taken);
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
        var lines = Enumerable.Range(0, 60).Select(n => n.ToString("0000", CultureInfo.InvariantCulture) + new string('x', 240_000)).ToArray();
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
        var faults = new Fault?[] { new(429), new(503), new() { Resets = true }, new(401), new(400), new(413), new(404) };
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
