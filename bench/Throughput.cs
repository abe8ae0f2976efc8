using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Serverless.Templates.Tests;
using static Serverless.Templates.Bench.Measure;

namespace Serverless.Templates.Bench;

/// <summary>How many log lines a second a warm forwarder ships, gzip both ways: the native binary beside the managed build.</summary>
internal static class Throughput
{
    private const int Lines = 10_000;
    private const int Events = 20;

    public static async Task RunAsync()
    {
        var template = Template.Named("sls-forwarder");
        await using var platform = await LogPlatform.StartAsync("splunk");
        await using var nativeRun = await Running.StartAsync(await PublishedService.ShareAsync(template, "aot"), platform);
        await using var managedRun = await Running.StartAsync(await PublishedService.ShareAsync(template, "managed"), platform);
        var payload = Event();

        var (native, managed) = await InTurnsAsync(Events, () => ShipAsync(nativeRun), () => ShipAsync(managedRun));

        Say($"forwarder, events of {Lines} lines, the destination on the same machine: native {native:0} lines/s, managed {managed:0}; ratio {native / managed:0.00}. Peak memory: native {nativeRun.PeakMemory / 1e6:0} MB, managed {managedRun.PeakMemory / 1e6:0} MB.");

        async Task<double> ShipAsync(Running running)
        {
            var watch = Stopwatch.StartNew();
            await running.InvokeAsync(payload);
            watch.Stop();
            if (platform.Taken.Count != Lines)
                throw new InvalidOperationException($"{platform.Taken.Count} of {Lines} lines arrived.");
            platform.Taken.Clear();
            return Lines / watch.Elapsed.TotalSeconds;
        }
    }

    // Text and JSON in turns, as functions log.
    private static byte[] Event()
    {
        var lines = new JsonArray();
        for (var line = 0; line < Lines; line++)
        {
            lines.Add(new JsonObject
            {
                ["id"] = $"{line:D56}",
                ["timestamp"] = 1795348800000 + line,
                ["message"] = line % 2 == 0
                    ? $"2026-11-22T12:00:00.000Z order {line} of Zoë was placed for 12.50 €"
                    : new JsonObject { ["timestamp"] = "2026-11-22T12:00:00.000Z", ["level"] = "Information", ["message"] = $"order {line} was placed", ["traceId"] = "Root=1-67891233-abcdef012345678912345678" }.ToJsonString(),
            });
        }
        var data = new JsonObject
        {
            ["messageType"] = "DATA_MESSAGE",
            ["owner"] = "123456789012",
            ["logGroup"] = "/aws/lambda/acme-orders-dev-placeOrder",
            ["logStream"] = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef",
            ["subscriptionFilters"] = new JsonArray("all"),
            ["logEvents"] = lines,
        };
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(Encoding.UTF8.GetBytes(data.ToJsonString()));
        return Encoding.UTF8.GetBytes(new JsonObject { ["awslogs"] = new JsonObject { ["data"] = Convert.ToBase64String(packed.ToArray()) } }.ToJsonString());
    }

    /// <summary>A forwarder that runs.</summary>
    private sealed class Running(RuntimeApi api, LambdaProcess process) : IAsyncDisposable
    {
        public long PeakMemory => process.PeakMemory;

        public static async Task<Running> StartAsync(PublishedService published, LogPlatform platform)
        {
            var api = await RuntimeApi.StartAsync();
            return new Running(api, LambdaProcess.Start(published.Binary, api, "forwarder", platform.EnvironmentOf(await Stack.CompileAsync(published.Service), "forwarder")));
        }

        public async Task InvokeAsync(byte[] payload)
        {
            var answer = await api.InvokeAsync("forwarder", payload);
            if (!answer.Succeeded)
                throw new InvalidOperationException($"The event has failed: {answer.Text}");
        }

        public async ValueTask DisposeAsync()
        {
            await process.DisposeAsync();
            await api.DisposeAsync();
        }
    }
}
