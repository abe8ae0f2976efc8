using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Templates.Tests;
using static Serverless.Templates.Bench.Measure;

namespace Serverless.Templates.Bench;

/// <summary>
/// How much processor time a warm forwarder takes to ship log lines, beside the least that any forwarder must do with the same bytes:
/// unpack CloudWatch's gzip and pack the lines again.
/// </summary>
internal static class Throughput
{
    private const int Turns = 9;
    // The system counts a process's time in hundredths of a second: a measurement takes about this many lines.
    private const int LinesPerTurn = 50_000;
    // The longest line that CloudWatch Logs took until 2025; so many of them fill a payload.
    private const int LargestLine = 256_000;
    private const int LargestLines = 2_600;

    // CloudWatch Logs and most loggers escape what JSON demands and nothing else.
    private static readonly JsonSerializerOptions AsItIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (string Name, int Lines, Func<int, string> Line)[] Workloads =
    [
        ("JSON, ASCII, 1,000 lines", 1_000, line => Json(line, "order was placed", words: line)),
        ("JSON, multi-byte, 1,000 lines", 1_000, line => Json(line, "Zoë bestellte für 12,50 €", words: line)),
        ("text, ASCII, 1,000 lines", 1_000, line => $"2026-11-22T12:00:00.000Z order {line} was placed for 12.50 {Filler(line)}"),
        ("text, multi-byte, 1,000 lines", 1_000, line => $"2026-11-22T12:00:00.000Z Zoë bestellte {line} für 12,50 € {Filler(line)}"),
        ("JSON, ASCII, 10,000 lines", 10_000, line => Json(line, "order was placed", words: line)),
    ];

    // Other words in every line: lines that repeat each other would make gzip, and with it the floor, faster than any log does.
    private static string Filler(int line) => string.Concat(Enumerable.Range(0, 36).Select(word => $"word{Mix(line, word) % 1_000} "));

    // The same every time, and without a pattern that gzip could find.
    private static uint Mix(int line, int word)
    {
        var mixed = unchecked((uint)line * 0x9E3779B1u + (uint)word * 0x85EBCA6Bu);
        mixed = unchecked((mixed ^ (mixed >> 15)) * 0xC2B2AE35u);
        return mixed ^ (mixed >> 13);
    }

    /// <param name="others">Other builds of the forwarder for Splunk, measured in the same turns.</param>
    public static async Task RunAsync(Report report, IReadOnlyList<Peer> others)
    {
        var published = await PublishedService.ShareAsync(Template.Named("sls-forwarder"), "aot");
        await using var platform = await LogPlatform.StartAsync("splunk");
        var variables = platform.EnvironmentOf(await Stack.CompileAsync(published.Service), "forwarder");
        Peer[] builds = [new("`sls-forwarder`", published.Binary), .. others];
        Task<Running> StartAsync(Peer build) => Running.StartAsync(build.Path, variables, platform);

        var running = new List<Running>();
        try
        {
            foreach (var build in builds)
                running.Add(await StartAsync(build));
            await CompareAsync(report, builds, running);
            await GrowAsync(report, running[0]);
        }
        finally
        {
            foreach (var one in running)
                await one.DisposeAsync();
        }
        await ShipLargestAsync(report, builds, StartAsync);
    }

    /// <summary>The forwarder of each destination: the size of its binary, and its processor time per line, all in the same turns.</summary>
    public static async Task CompareDestinationsAsync(Report report)
    {
        var template = Template.Named("sls-forwarder");
        var choices = template.Options.Single(option => option.Name == "destination").Choices;
        var published = new List<PublishedService>();
        var platforms = new List<LogPlatform>();
        var running = new List<Running>();
        try
        {
            foreach (var choice in choices)
            {
                published.Add(await PublishedService.ShareAsync(template, new Options(new Dictionary<string, string> { ["destination"] = choice })));
                platforms.Add(await LogPlatform.StartAsync(choice));
                var variables = platforms[^1].EnvironmentOf(await Stack.CompileAsync(published[^1].Service), "forwarder");
                running.Add(await Running.StartAsync(published[^1].Binary, variables, platforms[^1]));
            }

            (LogEvent Json, LogEvent Text) logs = (new(Workloads[0].Lines, Workloads[0].Line), new(Workloads[2].Lines, Workloads[2].Line));
            var json = await InTurnsAsync(Turns, [.. running.Select<Running, Func<Task<double>>>(one => () => one.ShipAsync(logs.Json, LinesPerTurn / logs.Json.Lines))]);
            var text = await InTurnsAsync(Turns, [.. running.Select<Running, Func<Task<double>>>(one => () => one.ShipAsync(logs.Text, LinesPerTurn / logs.Text.Lines))]);
            report.Add(
                "The forwarder's destinations",
                $"The native binary for each destination, and the lines that it ships in a second of processor time: events of {logs.Json.Lines:N0} lines, medians of {Turns}.",
                ["`--destination`", "binary, MB", "JSON lines per CPU-second", "text lines per CPU-second", "peak memory so far, MB"],
                [.. choices.Index().Select(choice => (string[])[
                    $"`{choice.Item}`",
                    Text($"{new FileInfo(published[choice.Index].Binary).Length / 1e6:0.00}"),
                    Text($"{1 / Median(json[choice.Index]):0}"),
                    Text($"{1 / Median(text[choice.Index]):0}"),
                    Text($"{running[choice.Index].PeakMemory / 1e6:0}")])]);
        }
        finally
        {
            foreach (var one in running)
                await one.DisposeAsync();
            foreach (var platform in platforms)
                await platform.DisposeAsync();
        }
    }

    private static async Task CompareAsync(Report report, IReadOnlyList<Peer> builds, IReadOnlyList<Running> running)
    {
        var rows = new List<string[]>();
        foreach (var (name, lines, line) in Workloads)
        {
            var log = new LogEvent(lines, line);
            var events = Math.Max(1, LinesPerTurn / lines);
            var values = await InTurnsAsync(Turns, [() => Task.FromResult(Floor(log, events)), .. running.Select<Running, Func<Task<double>>>(one => () => one.ShipAsync(log, events))]);
            foreach (var (i, build) in builds.Index())
            {
                var (floor, forwarder) = (Median(values[0]), Median(values[i + 1]));
                rows.Add([name, build.Name, Text($"{forwarder / floor:0.0}"), Text($"{1 / forwarder:0}"), Text($"{log.Bytes / 1e6 / lines / forwarder:0.0}"), Text($"{(double)log.Bytes / lines:0}"), Text($"{running[i].PeakMemory / 1e6:0}")]);
            }
        }
        report.Add(
            "The forwarder's throughput",
            $"Processor time per line of the native binary with the destination on loopback, medians of {Turns}, divided by the floor: gunzip and fastest gzip of the same bytes.",
            ["events of", "", "÷ floor", "lines per CPU-second", "MB/s per core", "bytes per line", "peak memory so far, MB"],
            rows);
    }

    private static async Task GrowAsync(Report report, Running forwarder)
    {
        var rows = new List<string[]>();
        foreach (var lines in new[] { 1, 10, 100, 1_000, 10_000, 100_000 })
        {
            var log = new LogEvent(lines, line => Json(line, "order was placed", words: 0));
            var perLine = Median((await InTurnsAsync(5, () => forwarder.ShipAsync(log, Math.Max(1, Math.Min(2_000, LinesPerTurn / lines)))))[0]);
            rows.Add([Text($"{lines:N0}"), Text($"{perLine * 1e6:0.0}"), Text($"{perLine * lines * 1e3:0.00}"), Text($"{forwarder.PeakMemory / 1e6:0}")]);
        }
        report.Add(
            "The forwarder's growth",
            "The same with events of 1 to 100,000 JSON lines, all with the same words: CloudWatch Logs could not send 100,000 lines that differ more in one event.",
            ["lines per event", "µs of CPU per line", "ms of CPU per event", "peak memory so far, MB"],
            rows);
    }

    private static async Task ShipLargestAsync(Report report, IReadOnlyList<Peer> builds, Func<Peer, Task<Running>> startAsync)
    {
        var largest = new LogEvent(LargestLines, _ => new string('x', LargestLine));
        var rows = new List<string[]>();
        foreach (var build in builds)
        {
            await using var one = await startAsync(build);
            var perLine = await one.ShipAsync(largest, 1);
            rows.Add([build.Name, Text($"{perLine * LargestLines:0.0}"), Text($"{largest.Bytes / 1e6 / LargestLines / perLine:0}"), Text($"{one.PeakMemory / 1e6:0.0}")]);
        }
        report.Add(
            "The largest event",
            Text($"{largest.Bytes / 1e6:0} MB of lines that gzip packs into {largest.Payload.Length / 1e6:0.00} MB, near the 1 MB that Lambda takes; the first event of a new process."),
            ["", "seconds of CPU", "MB/s per core", "peak memory, MB"],
            rows);
    }

    private static string Json(int line, string message, int words) =>
        new JsonObject { ["timestamp"] = "2026-11-22T12:00:00.000Z", ["level"] = "Information", ["message"] = $"{line} {message} {Filler(words)}", ["traceId"] = "Root=1-67891233-abcdef012345678912345678" }.ToJsonString(AsItIs);

    // Seconds per line, of one processor.
    private static double Floor(LogEvent log, int events)
    {
        // The time of this process, not of the clock: others have the processors too.
        var before = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < events; i++)
        {
            using var unpack = new GZipStream(new MemoryStream(log.Packed), CompressionMode.Decompress);
            using var pack = new GZipStream(Stream.Null, CompressionLevel.Fastest);
            unpack.CopyTo(pack);
        }
        return (Environment.CpuUsage.TotalTime - before).TotalSeconds / events / log.Lines;
    }

    /// <summary>An event as CloudWatch Logs sends it.</summary>
    private sealed class LogEvent
    {
        public LogEvent(int lines, Func<int, string> line)
        {
            Lines = lines;
            // Of this moment: some destinations do not take the time of an old line.
            var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            var data = new JsonObject
            {
                ["messageType"] = "DATA_MESSAGE",
                ["owner"] = "123456789012",
                ["logGroup"] = "/aws/lambda/acme-orders-dev-placeOrder",
                ["logStream"] = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef",
                ["subscriptionFilters"] = new JsonArray("all"),
                ["logEvents"] = new JsonArray([.. Enumerable.Range(0, lines).Select(i => new JsonObject { ["id"] = $"{i:D56}", ["timestamp"] = now + i, ["message"] = line(i) })]),
            };
            var text = Encoding.UTF8.GetBytes(data.ToJsonString(AsItIs));
            Bytes = text.Length;
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
                gzip.Write(text);
            Packed = packed.ToArray();
            Payload = Encoding.UTF8.GetBytes(new JsonObject { ["awslogs"] = new JsonObject { ["data"] = Convert.ToBase64String(Packed) } }.ToJsonString(AsItIs));
        }

        public int Lines { get; }

        /// <summary>Unpacked.</summary>
        public int Bytes { get; }

        public byte[] Packed { get; }

        public byte[] Payload { get; }
    }

    /// <summary>A forwarder that runs.</summary>
    private sealed class Running(RuntimeApi api, LambdaProcess process, LogPlatform platform) : IAsyncDisposable
    {
        public long PeakMemory => process.PeakMemory;

        public static async Task<Running> StartAsync(string binary, IReadOnlyDictionary<string, string?> variables, LogPlatform platform)
        {
            var api = await RuntimeApi.StartAsync();
            return new Running(api, LambdaProcess.Start(binary, api, "forwarder", variables), platform);
        }

        /// <summary>Ships the event so many times.</summary>
        /// <returns>Seconds of processor time per line.</returns>
        public async Task<double> ShipAsync(LogEvent log, int events)
        {
            var before = process.ProcessorTime;
            for (var i = 0; i < events; i++)
            {
                var answer = await api.InvokeAsync("forwarder", log.Payload);
                if (!answer.Succeeded)
                    throw new InvalidOperationException($"The event has failed: {answer.Text}");
                if (platform.Taken.Count != log.Lines)
                    throw new InvalidOperationException($"{platform.Taken.Count} of {log.Lines} lines arrived.");
                platform.Forget();
            }
            return (process.ProcessorTime - before).TotalSeconds / events / log.Lines;
        }

        public async ValueTask DisposeAsync()
        {
            await process.DisposeAsync();
            await api.DisposeAsync();
        }
    }
}
