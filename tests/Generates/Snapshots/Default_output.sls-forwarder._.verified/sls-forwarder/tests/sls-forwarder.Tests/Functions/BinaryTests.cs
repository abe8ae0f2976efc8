using System.Text.Json;
using Serverless;
using Xunit;

namespace sls_forwarder.Tests;

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
    public async Task The_forwarder_does_not_start_with_a_wrong_setting_and_says_so_in_one_clear_sentence()
    {
        await using var api = await RuntimeApi.StartAsync();
        await using var function = RunningFunction.Start("forwarder", api, new Dictionary<string, string?> { ["DESTINATION_SECRET"] = "ssm:/acme", ["REDACT_PATTERN"] = "(" });
        var answer = await api.InvokeAsync("forwarder", EventFiles.Read("plain"));

        Assert.Equal(("SettingException", false), (answer.ErrorType, answer.HasStarted));
        Assert.StartsWith("REDACT_PATTERN is \"(\"; expected is a .NET regular expression", JsonElement.Parse(answer.Text).GetProperty("errorMessage").GetString(), StringComparison.Ordinal);
        await function.WaitForOutputAsync(line => line.Contains("REDACT_PATTERN is ", StringComparison.Ordinal));
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
        Assert.Empty(s3.Objects);
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
}
