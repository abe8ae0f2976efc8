using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Company.Forwarder._1.Tests;
using Elastic.Clients.Elasticsearch;
using Elastic.Clients.Elasticsearch.Core.Bulk;
using Elastic.Transport;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>
/// Reads what a forwarder has sent with the vendors' own models, where the registries have them: OpenTelemetry's messages and
/// Elasticsearch's client. And with the sink of a local run, which prints the lines of every platform.
/// </summary>
public static class WireFormats
{
    /// <summary>Fails the test if a body is not what it should be.</summary>
    /// <param name="destination">The value of <c>--destination</c>.</param>
    /// <param name="requests">What the forwarder has sent.</param>
    public static async Task CheckAsync(string destination, IReadOnlyList<ArrivedRequest> requests)
    {
        Assert.NotEmpty(requests);
        await PrintAsync(destination, requests);
        if (destination == "otlp")
            Assert.All(requests, ReadAsOtlp);
        else if (destination == "elasticsearch")
            foreach (var request in requests)
                await SendByClientAsync(request);
    }

    // Parsed by the JSON mapping of protocol buffers, which knows every member and refuses others. It takes an id for base64: OTLP's
    // hexadecimal digits are characters of base64 too, and come out again.
    private static void ReadAsOtlp(ArrivedRequest request)
    {
        var messages = Assembly.Load("Serilog.Sinks.OpenTelemetry");
        var type = messages.GetType("OpenTelemetry.Proto.Collector.Logs.V1.ExportLogsServiceRequest", throwOnError: true)!;
        var descriptor = (MessageDescriptor)type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
        var export = JsonParser.Default.Parse(Encoding.UTF8.GetString(request.Body), descriptor);

        var records = JsonElement.Parse(JsonFormatter.Default.Format(export)).GetProperty("resourceLogs")[0].GetProperty("scopeLogs")[0].GetProperty("logRecords").EnumerateArray().ToList();
        var sent = LogPlatform.DestinationOf("otlp").EntriesOf(request);
        Assert.Equal(sent.Count, records.Count);
        Assert.All(records.Zip(sent), pair =>
        {
            var (record, entry) = (pair.First, pair.Second.Entry);
            Assert.Equal(entry.GetProperty("timeUnixNano").GetString(), record.GetProperty("timeUnixNano").GetString());
            Assert.Equal(entry.TryGetProperty("traceId", out var trace) ? trace.GetString() : null, record.TryGetProperty("traceId", out var read) ? read.GetString() : null);
            Assert.Equal(entry.TryGetProperty("severityText", out var level) ? level.GetString() : null, record.TryGetProperty("severityText", out var text) ? text.GetString() : null);
        });
    }

    // The client sends the same documents; the two bodies must be the same. It then understands the answer that the forwarder's tests rest on.
    private static async Task SendByClientAsync(ArrivedRequest request)
    {
        const string key = "an-api-key";
        await using var server = LogPlatform.DestinationOf("elasticsearch");
        server.Token = key;
        var sent = server.EntriesOf(request);
        var (refused, isThere) = (sent[0].EventId, sent.Count > 1 ? sent[^1].EventId : null);
        server.Refuses = entry => entry.EventId == refused;
        if (isThere is not null)
            ((ElasticsearchServer)server).IsBusyFor = entry => entry.EventId == isThere;
        await using var loopback = await Loopback.StartAsync(http =>
        {
            http.Response.Headers["X-Elastic-Product"] = "Elasticsearch";
            // What the client would ask to be left out of the answer it warns of itself.
            http.Request.QueryString = new QueryString(request.Target[request.Target.IndexOf('?', StringComparison.Ordinal)..]);
            return server.HandleAsync(http);
        });
        var client = new ElasticsearchClient(new ElasticsearchClientSettings(loopback.Address).Authentication(new ApiKey(key)));

        var lines = Encoding.UTF8.GetString(request.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToList();
        var operations = lines.Chunk(2).Select(pair => (IBulkOperation)new BulkCreateOperation<JsonElement>(pair[1]) { Id = pair[0].GetProperty("create").GetProperty("_id").GetString()! });
        var answer = await client.BulkAsync(new BulkRequest("logs-cloudwatch-default") { Operations = new BulkOperationsCollection(operations) });

        var arrived = Assert.Single(server.Requests);
        Assert.Equal(request.Target.Split('?')[0], arrived.Target.Split('?')[0]);
        var byClient = Encoding.UTF8.GetString(arrived.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToList();
        Assert.Equal(lines.Count, byClient.Count);
        Assert.All(lines.Zip(byClient), pair => Assert.True(JsonElement.DeepEquals(pair.First, pair.Second), $"{pair.First} is not {pair.Second}"));
        Assert.True(answer.Errors);
        Assert.Equal(sent.Select(entry => entry.EventId == refused ? 400 : entry.EventId == isThere ? 429 : 201), answer.Items.Select(item => item.Status));
        Assert.Equal("document_parsing_exception", answer.Items.First().Error!.Type);
    }

    /// <summary>Checks that the sink of a local run prints each line once when several destinations get it.</summary>
    /// <param name="requests">What each destination was sent.</param>
    public static async Task PrintOnceAsync(IReadOnlyDictionary<string, List<ArrivedRequest>> requests)
    {
        using var printed = await ReplayAsync([.. requests.SelectMany(sent => sent.Value)]);
        var (first, sent) = requests.First();

        Assert.Equal(sent.SelectMany(LogPlatform.DestinationOf(first).EntriesOf).Count(), printed.RootElement.GetProperty("lines").GetArrayLength());
        Assert.All(printed.RootElement.GetProperty("answers").EnumerateArray(), answer => Assert.StartsWith("20", answer.GetString(), StringComparison.Ordinal));
    }

    // What the sink prints and answers.
    private static async Task<JsonDocument> ReplayAsync(IReadOnlyList<ArrivedRequest> requests)
    {
        var folder = TestRun.Folder();
        foreach (var (i, request) in requests.Index())
            await File.WriteAllTextAsync(Path.Combine(folder, $"{i}.json"), JsonSerializer.Serialize(new { path = request.Target, type = request.Headers["Content-Type"], body = Encoding.UTF8.GetString(request.Body) }));
        var script = $$"""
            import { readFileSync, writeFileSync } from 'node:fs';
            import { startSink } from '{{new Uri(Repository.PathOf("templates", "shared", "local", "sink.mjs"))}}';
            const lines = [];
            const sink = await startSink((line) => lines.push(line));
            const answers = [];
            for (let i = 0; i < {{requests.Count}}; i++) {
              const { path, type, body } = JSON.parse(readFileSync(`${i}.json`, 'utf8'));
              const response = await fetch(new URL(path, sink.address), { method: 'POST', headers: { 'Content-Type': type }, body });
              answers.push(`${response.status} ${await response.text()}`);
            }
            writeFileSync('printed.json', JSON.stringify({ lines, answers }));
            await sink.stop();
            """;
        await File.WriteAllTextAsync(Path.Combine(folder, "print.mjs"), script);
        (await Command.Run("node", ["print.mjs"], folder)).Succeeded();

        return JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "printed.json")));
    }

    // The sink prints a line for each entry, with its text and its time.
    private static async Task PrintAsync(string destination, IReadOnlyList<ArrivedRequest> requests)
    {
        using var printed = await ReplayAsync(requests);
        var entries = requests.SelectMany(LogPlatform.DestinationOf(destination).EntriesOf).ToList();
        Assert.Equal(entries.Count, printed.RootElement.GetProperty("lines").GetArrayLength());
        Assert.All(printed.RootElement.GetProperty("lines").EnumerateArray().Zip(entries), pair =>
        {
            Assert.True(DateTimeOffset.TryParse(pair.First.GetProperty("time").GetString(), CultureInfo.InvariantCulture, out _), $"{pair.First} has no time");
            if (pair.Second.Line.ValueKind == JsonValueKind.String)
                Assert.Equal(pair.Second.Line.GetString(), pair.First.GetProperty("message").GetString());
            else
                Assert.NotEmpty(pair.First.GetProperty("message").GetString()!);
        });
        Assert.All(printed.RootElement.GetProperty("answers").EnumerateArray(), answer => Assert.StartsWith("20", answer.GetString(), StringComparison.Ordinal));
    }
}
