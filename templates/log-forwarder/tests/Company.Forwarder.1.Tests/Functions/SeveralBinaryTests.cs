#if (severalDestinations)
using System.Text.Json;
using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The built binary, over a Runtime API, as Lambda runs it, with every destination of this service.</summary>
public sealed class SeveralBinaryTests
{
    private const string Record = "failed-events/aws/lambda/async/log-forwarder-dev-forwarder/2026/11/22/2026-11-22T12.00.00-8f6b1c2a";

    [Fact]
    public async Task The_forwarder_ships_every_event_to_each_destination_and_outlives_the_malformed_ones()
    {
        await using var servers = await Servers.StartAsync();
        await using var api = await RuntimeApi.StartAsync();
        var variables = servers.Variables;
        variables["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/log-forwarder-dev-forwarder";
        variables["STAGE"] = "dev";
        variables["METRICS"] = "on";
        await using var function = RunningFunction.Start("forwarder", api, variables);

        foreach (var name in EventFiles.Names)
        {
            var answer = await api.InvokeAsync("forwarder", EventFiles.Read(name));
            Assert.Equal((name, EventFiles.Malformed.ContainsKey(name) ? "MalformedEventException" : null), (name, answer.ErrorType));
        }

        Assert.All(servers.All, server => Assert.Equal(10 + 6 + 400 + 3 + 2 + 10_000, server.Taken.Count()));
        foreach (var choice in DestinationChoice.All)
            await function.WaitForOutputAsync(line => line.Contains($"\"Destination\":{JsonSerializer.Serialize(choice.Create(_ => null).Name)}", StringComparison.Ordinal));
        Assert.DoesNotContain(function.Output.Concat(function.Errors), line => line.Contains(servers.All[0].Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_one_destination_did_not_take_is_kept_for_it_and_redriven_to_it_alone()
    {
        await using var servers = await Servers.StartAsync();
        await using var s3 = await S3Server.StartAsync();
        var broken = servers.All[^1];
        broken.Faults = _ => new Fault(401);
        var variables = servers.Variables;
        variables["FAILED_EVENTS_BUCKET"] = "failed-events";
        variables["AWS_ENDPOINT_URL_S3"] = s3.Address.ToString();

        await using (var api = await RuntimeApi.StartAsync())
        {
            await using var function = RunningFunction.Start("forwarder", api, variables);
            var answer = await api.InvokeAsync("forwarder", LogsEvent.Of("a", "b"));
            Assert.True(answer.Succeeded, answer.Text);
        }
        Assert.StartsWith($"failed-events/failed/{broken.Choice}/", Assert.Single(s3.Records), StringComparison.Ordinal);

        broken.Faults = _ => null;
        s3.Objects[Record] = RedriveTests.Failed(LogsEvent.Of("c"));
        await using (var api = await RuntimeApi.StartAsync())
        {
            await using var function = RunningFunction.Start("redrive", api, variables);
            var answer = await api.InvokeAsync("redrive", "{}");
            Assert.Equal((null, """{"redriven":2,"failed":0,"remaining":false}"""), (answer.ErrorType, answer.Text));
        }
        Assert.Empty(s3.Records);
        Assert.All(servers.All, server => Assert.Equal(["a", "b", "c"], server.Taken.Select(entry => entry.Line.GetString()).Order()));
    }

    [Fact]
    public async Task The_forwarder_does_not_start_without_the_credentials_of_each_destination_and_says_whose_are_missing()
    {
        await using var servers = await Servers.StartAsync();
        await using var api = await RuntimeApi.StartAsync();
        var missing = DestinationChoice.All[^1];
        var variables = servers.Variables;
        variables.Remove(missing.CredentialsVariable);
        await using var function = RunningFunction.Start("forwarder", api, variables);
        var answer = await api.InvokeAsync("forwarder", EventFiles.Read("plain"));

        Assert.Equal(("SettingException", false), (answer.ErrorType, answer.HasStarted));
        Assert.StartsWith(
            $"For the destination {missing.Name}: {missing.SecretVariable} does not say where the destination's credentials are kept",
            JsonElement.Parse(answer.Text).GetProperty("errorMessage").GetString(), StringComparison.Ordinal);
    }

    private sealed class Servers(IReadOnlyList<DestinationServer> all) : IAsyncDisposable
    {
        public IReadOnlyList<DestinationServer> All => all;

        public Dictionary<string, string?> Variables =>
            DestinationChoice.All.Zip(all).ToDictionary(pair => pair.First.CredentialsVariable, string? (pair) => pair.Second.Credentials);

        public static async Task<Servers> StartAsync() =>
            new(await Task.WhenAll(DestinationChoice.All.Select(choice => DestinationServer.StartAsync(DestinationServer.Of(choice.Name)))));

        public async ValueTask DisposeAsync()
        {
            foreach (var server in all)
                await server.DisposeAsync();
        }
    }
}
#endif
