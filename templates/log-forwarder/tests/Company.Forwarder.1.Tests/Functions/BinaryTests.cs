using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The built binary, over a Runtime API, as Lambda runs it.</summary>
public sealed class BinaryTests
{
    [Fact]
    public async Task The_forwarder_handles_every_event_and_outlives_the_malformed_ones()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var api = await RuntimeApi.StartAsync();
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?>
        {
            ["DESTINATION_CREDENTIALS"] = server.Credentials,
            ["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/log-forwarder-dev-forwarder",
            ["STAGE"] = "dev",
            ["METRICS"] = "on",
        });

        foreach (var name in EventFiles.Names)
        {
            var answer = await api.InvokeAsync("forwarder", EventFiles.Read(name));
            Assert.Equal((name, EventFiles.Malformed.ContainsKey(name) ? "MalformedEventException" : null), (name, answer.ErrorType));
        }

        var shipped = EventFiles.Good.Where(file => file.Key is not ("control-message" or "own-log-group")).Select(file => file.Key).ToList();
        Assert.Equal(10 + 6 + 400 + 3 + 2 + 10_000, server.Taken.Count());
        await function.WaitForOutputAsync(line => line.Contains("\"Shipped\":2,", StringComparison.Ordinal));
        var metrics = function.Output.Where(line => line.StartsWith("""{"_aws":""", StringComparison.Ordinal)).ToList();
        Assert.Equal(shipped.Count, metrics.Count);
        Assert.All(metrics, line => Assert.Equal(JsonValueKind.Object, JsonElement.Parse(line).ValueKind));
        Assert.DoesNotContain(function.Output.Concat(function.Errors), line => line.Contains(server.Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_forwarder_reports_a_send_that_SIGTERM_ends_before_Lambda_kills_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        await using var server = await DestinationServer.StartAsync();
        var isSending = new TaskCompletionSource();
        server.Faults = _ => { isSending.TrySetResult(); return new Fault { Hangs = true }; };
        await using var api = await RuntimeApi.StartAsync();
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?> { ["DESTINATION_CREDENTIALS"] = server.Credentials });
        var invocation = api.InvokeAsync("forwarder", LogsEvent.Of("a", "b"));
        await isSending.Task;

        var time = await function.TerminateAsync();
        var answer = await invocation;

        Assert.Equal("DeliveryException", answer.ErrorType);
        Assert.Contains("2 of 2 lines were not delivered: Lambda shuts the environment down", answer.Text, StringComparison.Ordinal);
        Assert.Contains(function.Output, line => line.Contains("the invocation fails, so that Lambda keeps the event", StringComparison.Ordinal));
        // Lambda kills it after 300 ms; a machine that is busy with tests is slower, and the process gives its report three seconds.
        Assert.InRange(time, TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task The_forwarder_ends_a_send_that_can_end_when_SIGTERM_comes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        // On a machine that is busy with tests, 60 milliseconds can be more than the process has left: a send of several must end.
        for (var tries = 1; !await DeliversAfterSigtermAsync(); tries++)
            Assert.NotEqual(5, tries);
    }

    private static async Task<bool> DeliversAfterSigtermAsync()
    {
        await using var server = await DestinationServer.StartAsync();
        var isSending = new TaskCompletionSource();
        server.Faults = _ => { isSending.TrySetResult(); return new Fault { Delay = TimeSpan.FromMilliseconds(60) }; };
        await using var api = await RuntimeApi.StartAsync();
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?> { ["DESTINATION_CREDENTIALS"] = server.Credentials });
        var invocation = api.InvokeAsync("forwarder", LogsEvent.Of("a", "b"));
        await isSending.Task;

        await function.TerminateAsync();

        return (await invocation).ErrorType is null && server.Taken.Count() == 2;
    }

    [Fact]
    public async Task The_forwarder_trusts_a_private_CA_that_SSL_CERT_FILE_names()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SSL_CERT_FILE is read on Linux, as on Lambda.");
        await using var server = await DestinationServer.StartAsync();
        using var tls = TlsServer.Start(server.Address.Port);
        await using var api = await RuntimeApi.StartAsync();
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?>
        {
            ["DESTINATION_CREDENTIALS"] = server.Credentials.Replace($"{server.Address}", $"{tls.Address}", StringComparison.Ordinal),
            ["SSL_CERT_FILE"] = tls.CertificateAuthority,
        });

        Assert.Null((await api.InvokeAsync("forwarder", LogsEvent.Of("a"))).ErrorType);
        Assert.Single(server.Taken);
    }

    [Fact]
    public async Task The_forwarder_says_what_to_do_about_a_certificate_that_it_does_not_trust()
    {
        await using var server = await DestinationServer.StartAsync();
        using var tls = TlsServer.Start(server.Address.Port);
        await using var api = await RuntimeApi.StartAsync();
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?>
        {
            ["DESTINATION_CREDENTIALS"] = server.Credentials.Replace($"{server.Address}", $"{tls.Address}", StringComparison.Ordinal),
        });
        var answer = await api.InvokeAsync("forwarder", LogsEvent.Of("a"));

        Assert.Equal("DeliveryException", answer.ErrorType);
        Assert.Contains("SecureConnectionError: the function does not trust", answer.Text, StringComparison.Ordinal);
        Assert.Contains("for a private CA set SSL_CERT_FILE", answer.Text, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(200, null)]
    [InlineData(407, "ProxyTunnelError: the proxy of HTTPS_PROXY does not open a tunnel")]
    public async Task The_forwarder_goes_through_the_proxy_that_HTTPS_PROXY_names(int status, string? says)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SSL_CERT_FILE is read on Linux, as on Lambda.");
        await using var server = await DestinationServer.StartAsync();
        using var tls = TlsServer.Start(server.Address.Port);
        using var proxy = ConnectProxy.Start(status);
        await using var api = await RuntimeApi.StartAsync();
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?>
        {
            ["DESTINATION_CREDENTIALS"] = server.Credentials.Replace($"{server.Address}", $"{tls.Address}", StringComparison.Ordinal),
            ["SSL_CERT_FILE"] = tls.CertificateAuthority,
            ["HTTPS_PROXY"] = $"{proxy.Address}",
        });
        var answer = await api.InvokeAsync("forwarder", LogsEvent.Of("a"));

        Assert.Equal($"CONNECT {tls.Address.Authority} HTTP/1.1", proxy.Requests.First());
        Assert.True((says is null) == answer.Succeeded, answer.Text);
        Assert.Contains(says ?? "", answer.Text, StringComparison.Ordinal);
        Assert.Equal(says is null ? 1 : 0, server.Taken.Count());
    }

    [Fact]
    public async Task The_forwarder_asks_the_extension_for_the_secret_past_every_proxy()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var extension = await Loopback.StartAsync(http => http.Response.WriteAsync($$"""{"SecretString":{{JsonSerializer.Serialize(server.Credentials)}}}"""));
        using var proxy = ConnectProxy.Start(407);
        await using var api = await RuntimeApi.StartAsync();
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?>
        {
            ["DESTINATION_SECRET"] = "secretsmanager:acme",
            ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = $"{extension.Address.Port}",
            ["HTTP_PROXY"] = $"{proxy.Address}",
            ["NO_PROXY"] = "127.0.0.1",
        });
        var answer = await api.InvokeAsync("forwarder", LogsEvent.Of("a"));

        Assert.True(answer.Succeeded, answer.Text);
        Assert.Empty(proxy.Requests);
        Assert.Single(server.Taken);
    }

    [Fact]
    public async Task The_forwarder_does_not_start_with_a_wrong_setting_and_says_so_in_one_clear_sentence()
    {
        await using var api = await RuntimeApi.StartAsync();
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?> { ["DESTINATION_SECRET"] = "ssm:/acme", ["REDACT_PATTERN"] = "(" });
        var answer = await api.InvokeAsync("forwarder", EventFiles.Read("plain"));

        Assert.Equal(("SettingException", false), (answer.ErrorType, answer.HasStarted));
        Assert.StartsWith("REDACT_PATTERN is \"(\"; must be a .NET regular expression", JsonElement.Parse(answer.Text).GetProperty("errorMessage").GetString(), StringComparison.Ordinal);
        await function.WaitForOutputAsync(line => line.Contains("REDACT_PATTERN is ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_forwarder_keeps_a_line_that_is_refused_for_good_in_the_bucket()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        await using var api = await RuntimeApi.StartAsync();
        server.LongestBody = 5_000;
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?>
        {
            ["DESTINATION_CREDENTIALS"] = server.Credentials,
            ["FAILED_EVENTS_BUCKET"] = "failed-events",
            ["AWS_ENDPOINT_URL_S3"] = s3.Address.ToString(),
        });
        var answer = await api.InvokeAsync("forwarder", LogsEvent.Of("a", new string('x', 6_000)));

        Assert.True(answer.Succeeded, answer.Text);
        Assert.StartsWith("failed-events/refused/", Assert.Single(s3.Records), StringComparison.Ordinal);
        Assert.Equal("a", Assert.Single(server.Taken).Line.GetString());
    }

    [Fact]
    public async Task Redrive_ships_what_lies_in_the_bucket()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        await using var api = await RuntimeApi.StartAsync();
        s3.Objects["failed-events/aws/lambda/async/log-forwarder-dev-forwarder/2026/11/22/2026-11-22T12.00.00-8f6b1c2a"] = RedriveTests.Failed(LogsEvent.Of("a", "b"));
        await using var function = RunningFunction.Start("redrive", api, new Dictionary<string, string?>
        {
            ["DESTINATION_CREDENTIALS"] = server.Credentials,
            ["FAILED_EVENTS_BUCKET"] = "failed-events",
            ["AWS_ENDPOINT_URL_S3"] = s3.Address.ToString(),
        });
        var answer = await api.InvokeAsync("redrive", "{}");

        Assert.Equal((null, """{"redriven":1,"failed":0,"remaining":false}"""), (answer.ErrorType, answer.Text));
        Assert.Empty(s3.Records);
        Assert.Equal(2, server.Taken.Count());
    }

    [Fact]
    public async Task Redrive_ships_the_lines_of_its_own_log_group_before_it_deletes_them()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        await using var api = await RuntimeApi.StartAsync();
        const string own = "/aws/lambda/log-forwarder-dev-redrive";
        s3.Objects["failed-events/aws/lambda/async/log-forwarder-dev-forwarder/2026/11/22/2026-11-22T12.00.00-8f6b1c2a"] =
            RedriveTests.Failed(LogsEvent.Pack(LogsEvent.Json(["what redrive logged itself"], own)));
        await using var function = RunningFunction.Start("redrive", api, new Dictionary<string, string?>
        {
            ["DESTINATION_CREDENTIALS"] = server.Credentials,
            ["FAILED_EVENTS_BUCKET"] = "failed-events",
            ["AWS_ENDPOINT_URL_S3"] = s3.Address.ToString(),
            ["AWS_LAMBDA_LOG_GROUP_NAME"] = own,
        });
        var answer = await api.InvokeAsync("redrive", "{}");

        Assert.Equal((null, """{"redriven":1,"failed":0,"remaining":false}"""), (answer.ErrorType, answer.Text));
        Assert.Equal("what redrive logged itself", Assert.Single(server.Taken).Line.GetString());
    }

    [Fact]
    public async Task Redrive_ships_what_the_forwarder_leaves_to_the_accounts_policy_before_it_deletes_it()
    {
        await using var server = await DestinationServer.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        await using var api = await RuntimeApi.StartAsync();
        s3.Objects["failed-events/aws/lambda/async/log-forwarder-dev-forwarder/2026/11/22/2026-11-22T12.00.00-8f6b1c2a"] = RedriveTests.Failed(LogsEvent.Of("from before the policy"));
        await using var function = RunningFunction.Start("redrive", api, new Dictionary<string, string?>
        {
            ["DESTINATION_CREDENTIALS"] = server.Credentials,
            ["FAILED_EVENTS_BUCKET"] = "failed-events",
            ["AWS_ENDPOINT_URL_S3"] = s3.Address.ToString(),
            ["ALL_LOG_GROUPS"] = "on",
        });
        var answer = await api.InvokeAsync("redrive", "{}");

        Assert.Equal((null, """{"redriven":1,"failed":0,"remaining":false}"""), (answer.ErrorType, answer.Text));
        Assert.Equal("from before the policy", Assert.Single(server.Taken).Line.GetString());
    }
}
