using System.Text;
using Microsoft.AspNetCore.Http;

namespace Company.Function._1.Tests;

/// <summary>An OpenTelemetry collector on loopback, as far as it takes traces over HTTP.</summary>
public sealed class TraceCollector : IAsyncDisposable
{
    private readonly StringBuilder spans = new();
    private Loopback loopback = null!;

    private TraceCollector()
    {
    }

    /// <summary>What has come, in hexadecimal digits: ids are bytes there.</summary>
    public string Spans => $"{spans}";

    /// <summary>The settings under which a program sends its traces here.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = loopback.Address.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    public static async Task<TraceCollector> StartAsync()
    {
        var collector = new TraceCollector();
        collector.loopback = await Loopback.StartAsync(collector.TakeAsync);
        return collector;
    }

    public ValueTask DisposeAsync() => loopback.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        if (http.Request.Path == "/v1/traces")
            spans.Append(Convert.ToHexStringLower(body.ToArray()));
    }
}
