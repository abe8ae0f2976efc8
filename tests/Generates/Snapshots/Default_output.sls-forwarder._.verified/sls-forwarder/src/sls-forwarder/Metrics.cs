using System.Buffers;
using System.Text.Json;

namespace sls_forwarder;

/// <summary>What one invocation did, as CloudWatch metrics: a line of JSON in the embedded metric format, out of which CloudWatch makes them.</summary>
public sealed class Metrics
{
    /// <summary>The namespace that the metrics stand in.</summary>
    public const string Namespace = "LogForwarder";

    /// <summary>Lines that came in.</summary>
    public int Received { get; set; }

    /// <summary>Lines left out on purpose: by a pattern, as a line of the platform, or because they are empty.</summary>
    public int Filtered { get; set; }

    /// <summary>Lines that the destination has.</summary>
    public int Shipped { get; set; }

    /// <summary>Lines that it does not have. Received = Filtered + Shipped + Failed.</summary>
    public int Failed { get; set; }

    /// <summary>Lines that were cut because they were too long.</summary>
    public int Truncated { get; set; }

    /// <summary>Requests that were sent again.</summary>
    public int Retried { get; set; }

    /// <summary>Bytes sent to the destination, compressed.</summary>
    public long Bytes { get; set; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>Writes the line.</summary>
    /// <param name="output">Raw standard output: what goes through <see cref="Console.Out"/> the runtime wraps into JSON of its own.</param>
    /// <param name="function">The function's name, the metrics' dimension.</param>
    /// <param name="logGroup">Where the lines came from; not a dimension, as each value of one is a metric to be paid for.</param>
    /// <param name="destination">Where they went.</param>
    public void Write(Stream output, string function, string logGroup, string destination)
    {
        ArgumentNullException.ThrowIfNull(output);
        var line = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteStartObject("_aws");
            json.WriteNumber("Timestamp", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            json.WriteStartArray("CloudWatchMetrics");
            json.WriteStartObject();
            json.WriteString("Namespace", Namespace);
            json.WriteStartArray("Dimensions");
            json.WriteStartArray();
            json.WriteStringValue("FunctionName");
            json.WriteEndArray();
            json.WriteEndArray();
            json.WriteStartArray("Metrics");
            foreach (var name in (ReadOnlySpan<string>)[nameof(Received), nameof(Filtered), nameof(Shipped), nameof(Failed), nameof(Truncated), nameof(Retried)])
                WriteDefinition(json, name, "Count");
            WriteDefinition(json, nameof(Bytes), "Bytes");
            WriteDefinition(json, nameof(Duration), "Milliseconds");
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteString("FunctionName", function);
            json.WriteString("LogGroup", logGroup);
            json.WriteString("Destination", destination);
            json.WriteNumber(nameof(Received), Received);
            json.WriteNumber(nameof(Filtered), Filtered);
            json.WriteNumber(nameof(Shipped), Shipped);
            json.WriteNumber(nameof(Failed), Failed);
            json.WriteNumber(nameof(Truncated), Truncated);
            json.WriteNumber(nameof(Retried), Retried);
            json.WriteNumber(nameof(Bytes), Bytes);
            json.WriteNumber(nameof(Duration), (long)Duration.TotalMilliseconds);
            json.WriteEndObject();
        }
        line.Write("\n"u8);
        // In one piece: a line that comes in two is two log events.
        output.Write(line.WrittenSpan);
        output.Flush();
    }

    private static void WriteDefinition(Utf8JsonWriter json, string name, string unit)
    {
        json.WriteStartObject();
        json.WriteString("Name", name);
        json.WriteString("Unit", unit);
        json.WriteEndObject();
    }
}
