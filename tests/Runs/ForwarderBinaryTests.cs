using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Company.Forwarder._1.Tests;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The forwarder's binary as it is deployed: with the variables of its stack and the extension that hands out its credentials.</summary>
[TakesLong(3)]
public sealed class ForwarderBinaryTests
{
    // As in the event own-log-group.
    private const string OwnLogGroup = "/aws/lambda/log-forwarder-dev-forwarder";

    private static readonly Template Forwarder = Template.Named("sls-forwarder");

    public static TheoryData<string> Pairs => Combinations.Of("sls-forwarder");

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Ships_every_event_and_outlives_the_malformed_ones(string options)
    {
        var service = await BuiltServices.OfAsync(Forwarder, Options.Parse(options));

        await ShipEveryEventAsync(service, service.PathOf($"src/{service.ProjectName}/bin/Debug/net10.0/bootstrap.dll"));
    }

    [FactThatNeeds("linux-x64", "clang", "node", "npm")]
    public async Task Ships_every_event_and_outlives_the_malformed_ones_as_a_native_binary()
    {
        var published = await PublishedService.ShareAsync(Forwarder, "aot");

        await ShipEveryEventAsync(published.Service, published.Binary);
    }

    [FactThatNeeds("linux-x64", "clang", "node", "npm")]
    public async Task Redrives_a_failed_event_as_a_native_binary()
    {
        var published = await PublishedService.ShareAsync(Forwarder, "aot");
        var stack = await Stack.ShareAsync(Forwarder, Options.Pairs(Forwarder)[0]);
        await using var platform = await LogPlatform.StartAsync("splunk");
        await using var api = await RuntimeApi.StartAsync();
        platform.FailedEvents["aws/lambda/async/acme-example-dev-forwarder/2026/11/22/one"] = Failed(EventFile(published.Service, "plain"));
        await using var process = LambdaProcess.Start(published.Binary, api, "redrive", platform.EnvironmentOf(stack, "redrive"));

        var answer = await api.InvokeAsync("redrive", "{}");

        Assert.True(answer.Succeeded, answer.Text);
        Assert.Equal("""{"redriven":1,"failed":0,"remaining":false}""", answer.Text);
        Assert.Equal(["redrive/lease"], platform.FailedEvents.Keys);
        Assert.NotEmpty(platform.Taken);
    }

    [FactThatNeeds("linux-x64", "clang", "node", "npm")]
    public async Task Starts_several_times_faster_and_smaller_as_a_native_binary()
    {
        var native = await PublishedService.ShareAsync(Forwarder, "aot");
        var managed = await PublishedService.ShareAsync(Forwarder, "managed");
        await using var platform = await LogPlatform.StartAsync("splunk");
        var payload = EventFile(native.Service, "plain");

        var (nativeStart, managedStart) = (await MeasureAsync(native), await MeasureAsync(managed));

        Assert.True(nativeStart.FirstAnswer * 2 < managedStart.FirstAnswer, $"{nativeStart}; managed: {managedStart}");
        Assert.True(nativeStart.PeakMemory < managedStart.PeakMemory, $"{nativeStart}; managed: {managedStart}");

        async Task<ColdStart> MeasureAsync(PublishedService published)
        {
            var stack = await Stack.ShareAsync(Forwarder, Options.Pairs(Forwarder).First(options => options[Forwarder, "runtime"] == published.Service.Options[Forwarder, "runtime"]));
            var start = await ColdStart.MeasureAsync(published.Binary, "forwarder", platform.EnvironmentOf(stack, "forwarder"), payload, answer => answer.Succeeded, starts: 5);
            TestRun.Say($"forwarder, {(published.Binary.EndsWith(".dll", StringComparison.Ordinal) ? "managed" : "native")}: {start}, {new FileInfo(published.Binary).Length / 1e6:0.0} MB binary, {new FileInfo(published.Zip).Length / 1e6:0.0} MB zip.");
            return start;
        }
    }

    private static async Task ShipEveryEventAsync(GeneratedService service, string binary)
    {
        var stack = await Stack.ShareAsync(Forwarder, service.Options);
        await using var platform = await LogPlatform.StartAsync(service.Options[Forwarder, "destination"]);
        await using var api = await RuntimeApi.StartAsync();
        var variables = platform.EnvironmentOf(stack, "forwarder");
        variables["AWS_LAMBDA_LOG_GROUP_NAME"] = OwnLogGroup;
        await using var process = LambdaProcess.Start(binary, api, "forwarder", variables);
        var events = service.Files.Where(file => file.Contains("/events/", StringComparison.Ordinal)).Select(Path.GetFileNameWithoutExtension).ToList();
        Assert.NotEmpty(events);
        var requests = platform.Destinations.ToDictionary(destination => destination.Choice, _ => new List<ArrivedRequest>());

        foreach (var name in events)
        {
            var expected = name!.StartsWith("malformed-", StringComparison.Ordinal) ? [] : Lines(EventFile(service, name));
            platform.Forget();

            var answer = await api.InvokeAsync("forwarder", EventFile(service, name));

            Assert.True(process.IsRunning, process.Output);
            Assert.Equal((name, name.StartsWith("malformed-", StringComparison.Ordinal) ? "MalformedEventException" : null), (name, answer.ErrorType));
            foreach (var destination in platform.Destinations)
            {
                Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), destination.Taken.Select(line => line.EventId).Order(StringComparer.Ordinal));
                requests[destination.Choice].AddRange(destination.Requests);
                Assert.All(destination.Taken.Where(line => line.Line.ValueKind == JsonValueKind.String), line => Assert.Equal(expected[line.EventId], line.Line.GetString()));
            }
        }
        Assert.Equal(
            platform.Destinations.Select(destination => platform.Destinations.Count == 1 ? "/acme/dev/log-forwarder/destination" : $"/acme/dev/log-forwarder/destination/{destination.Choice}").Order(StringComparer.Ordinal),
            platform.SecretsRead.Distinct().Order(StringComparer.Ordinal));
        Assert.DoesNotContain(LogPlatform.Secret, process.Output, StringComparison.Ordinal);
        foreach (var (destination, sent) in requests)
            await WireFormats.CheckAsync(destination, sent);
        if (requests.Count > 1)
            await WireFormats.PrintOnceAsync(requests);
    }

    // What has to arrive of an event: its lines with a text, unless it is CloudWatch's own question or comes from the function itself.
    private static Dictionary<string, string> Lines(byte[] payload)
    {
        using var outer = JsonDocument.Parse(payload);
        using var packed = new GZipStream(new MemoryStream(outer.RootElement.GetProperty("awslogs").GetProperty("data").GetBytesFromBase64()), CompressionMode.Decompress);
        using var text = new MemoryStream();
        packed.CopyTo(text);
        // Half of a surrogate pair arrives as the replacement character.
        using var data = JsonDocument.Parse(Encoding.UTF8.GetString(text.ToArray()).Replace("\\ud83d.", "\\ufffd.", StringComparison.Ordinal));
        var isOurs = data.RootElement.GetProperty("messageType").GetString() == "CONTROL_MESSAGE" || data.RootElement.GetProperty("logGroup").GetString() == OwnLogGroup;
        return isOurs
            ? []
            : data.RootElement.GetProperty("logEvents").EnumerateArray()
                .Select(line => (Id: line.GetProperty("id").GetString()!, Message: line.GetProperty("message").GetString()!.TrimEnd('\r', '\n')))
                .Where(line => line.Message.Length > 0)
                .ToDictionary(line => line.Id, line => line.Message);
    }

    private static byte[] EventFile(GeneratedService service, string name) =>
        File.ReadAllBytes(service.PathOf($"tests/{service.ProjectName}.Tests/events/{name}.json"));

    private static byte[] Failed(byte[] payload) => Encoding.UTF8.GetBytes($$$"""
        {"version":"1.0","timestamp":"2026-11-22T12:03:04.567Z","requestContext":{"condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{{{Encoding.UTF8.GetString(payload)}}},"responsePayload":{"errorType":"DeliveryException"}}
        """);
}
