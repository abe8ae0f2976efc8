using System.Buffers;
using System.Text.Json;

namespace sls_forwarder;

/// <summary>What one invocation did, as CloudWatch metrics: a line of JSON in the embedded metric format, from which CloudWatch makes them.</summary>
public sealed class Metrics
{
    /// <summary>The namespace of the metrics.</summary>
    public const string Namespace = "LogForwarder";

    /// <summary>Lines that came in.</summary>
    public int Received { get; set; }

    /// <summary>Lines left out on purpose: by a pattern, as a line of the platform, or because they are empty.</summary>
    public int Filtered { get; set; }

    /// <summary>Lines that the destination has.</summary>
    public int Shipped { get; set; }

    /// <summary>Lines that the destination refuses for good, and that are kept in the failure destination.</summary>
    public int Refused { get; set; }

    /// <summary>Lines that were not delivered. Received = Filtered + Shipped + Refused + Failed.</summary>
    public int Failed { get; set; }

    /// <summary>Lines that were sent in parts because they were too long.</summary>
    public int Split { get; set; }

    /// <summary>Lines that are older than the destination takes, and were sent without their time.</summary>
    public int Late { get; set; }

    /// <summary>Requests that were sent again.</summary>
    public int Retried { get; set; }

    /// <summary>Bytes sent to the destination, compressed.</summary>
    public long Bytes { get; set; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>Writes the line, if there is something to write.</summary>
    /// <param name="output">Raw standard output: what goes through <see cref="Console.Out"/> the runtime wraps into JSON of its own.</param>
    /// <param name="function">The function's name, the metrics' dimension.</param>
    /// <param name="logGroup">Where the lines came from; not a dimension, because each value of a dimension is a metric that costs money.</param>
    /// <param name="destination">Where they went.</param>
    /// <param name="all">Whether all metrics are wanted; otherwise only those that tell of something unusual, if there are any.</param>
    public void Write(Stream output, string function, string logGroup, string destination, bool all)
    {
        ArgumentNullException.ThrowIfNull(output);
        List<(string Name, string Unit, long Value)> values =
        [
            (nameof(Refused), "Count", Refused),
            (nameof(Failed), "Count", Failed),
            (nameof(Split), "Count", Split),
            (nameof(Late), "Count", Late),
            (nameof(Retried), "Count", Retried),
        ];
        if (!all)
        {
            values.RemoveAll(value => value.Value == 0);
            if (values.Count == 0)
                return;
        }
        else
            values.AddRange(
            [
                (nameof(Received), "Count", Received),
                (nameof(Filtered), "Count", Filtered),
                (nameof(Shipped), "Count", Shipped),
                (nameof(Bytes), "Bytes", Bytes),
                (nameof(Duration), "Milliseconds", (long)Duration.TotalMilliseconds),
            ]);

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
            foreach (var (name, unit, _) in values)
            {
                json.WriteStartObject();
                json.WriteString("Name", name);
                json.WriteString("Unit", unit);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteString("FunctionName", function);
            json.WriteString("LogGroup", logGroup);
            json.WriteString("Destination", destination);
            foreach (var (name, _, value) in values)
                json.WriteNumber(name, value);
            json.WriteEndObject();
        }
        line.Write("\n"u8);
        // In one piece: a line that comes in two is two log events.
        output.Write(line.WrittenSpan);
        output.Flush();
    }
}
