using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Amazon.Lambda.Core;
using Amazon.S3;
using Amazon.S3.Model;

namespace Company.Forwarder._1;

/// <summary>The failure destination, a bucket. Lambda writes whole events there; this writes the lines that the destination refuses for good.</summary>
/// <param name="s3">The client, made when it is first needed.</param>
/// <param name="bucket">The bucket's name.</param>
public sealed class FailedEvents(Lazy<IAmazonS3> s3, string bucket)
{
    /// <summary>What the keys of refused lines start with. Lambda's own records are under <c>aws/lambda/async/</c>.</summary>
    public const string RefusedPrefix = "refused/";

//#if (severalDestinations)
    /// <summary>What the keys of lines start with that one destination did not take, although another did.</summary>
    public const string FailedPrefix = "failed/";

    // The one destination that the lines are for; null: all of them.
    private string? Destination { get; init; }

    // Whether it did not take them for now; otherwise it refuses them for good.
    private bool IsUndelivered { get; init; }

//#endif
    private static readonly JsonWriterOptions AsItIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

//#if (severalDestinations)
    /// <summary>The same bucket, for the lines of one destination: their records are shipped again to that one only.</summary>
    /// <param name="choice">The name of its choice.</param>
    /// <param name="isUndelivered">Whether they were not delivered; otherwise they are refused for good.</param>
    public FailedEvents Of(string choice, bool isUndelivered = false) => new(s3, bucket) { Destination = choice, IsUndelivered = isUndelivered };

//#endif
    /// <summary>Keeps some lines of an event as an event of their own, in a record of the form of Lambda's.</summary>
    /// <param name="logs">The event.</param>
    /// <param name="lines">The lines, by their place in it.</param>
    /// <param name="reason">Why the destination does not have them.</param>
    /// <param name="context">The invocation.</param>
    /// <returns>The record's key. An invocation that is tried again writes the same key again; a redrive, which ships many events, one for each.</returns>
    /// <exception cref="AmazonS3Exception">S3 did not take it.</exception>
    public async Task<string> KeepAsync(SubscriptionEvent logs, IReadOnlySet<int> lines, string reason, ILambdaContext context)
    {
        ArgumentNullException.ThrowIfNull(logs);
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(context);
        var now = DateTime.UtcNow;
        var (prefix, condition, errorType) = (RefusedPrefix, "RefusedByDestination", "LinesRefused");
//#if (severalDestinations)
        if (IsUndelivered)
            (prefix, condition, errorType) = (FailedPrefix, "NotDeliveredToDestination", "LinesNotDelivered");
        if (Destination is not null)
            prefix = $"{prefix}{Destination}/";
//#endif
        var key = FormattableString.Invariant($"{prefix}{context.FunctionName}/{now:yyyy/MM/dd}/{context.AwsRequestId}-{FirstId(logs)}");
        using var record = new MemoryStream();
        await using (var json = new Utf8JsonWriter(record, AsItIs))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteString("timestamp", now);
//#if (severalDestinations)
            if (Destination is not null)
                json.WriteString("destination", Destination);
//#endif
            json.WriteStartObject("requestContext");
            json.WriteString("requestId", context.AwsRequestId);
            json.WriteString("functionArn", context.InvokedFunctionArn);
            json.WriteString("condition", condition);
            json.WriteEndObject();
            json.WriteStartObject("requestPayload");
            json.WriteStartObject("awslogs");
            json.WriteBase64String("data", Pack(logs, lines));
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteStartObject("responsePayload");
            json.WriteString("errorType", errorType);
            json.WriteString("errorMessage", reason);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        record.Position = 0;
        await s3.Value.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, InputStream = record, ContentType = "application/json", UseChunkEncoding = false });
        return key;
    }

    // The id that CloudWatch gave the event's first line.
    private static string FirstId(SubscriptionEvent logs)
    {
        using var events = logs.OpenEvents();
        return events.Read() ? Uri.EscapeDataString(Encoding.UTF8.GetString(events.Id)) : "";
    }

    private static ReadOnlySpan<byte> Pack(SubscriptionEvent logs, IReadOnlySet<int> lines)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        using (var json = new Utf8JsonWriter(gzip, AsItIs))
        {
            json.WriteStartObject();
            json.WriteString("messageType", "DATA_MESSAGE");
            json.WriteString("owner", logs.Account);
            json.WriteString("logGroup", logs.LogGroup);
            json.WriteString("logStream", logs.LogStream);
            json.WriteStartArray("logEvents");
            using var events = logs.OpenEvents();
            for (var line = 0; events.Read(); line++)
            {
                if (!lines.Contains(line))
                    continue;
                json.WriteStartObject();
                json.WriteString("id", events.Id);
                json.WriteNumber("timestamp", events.Timestamp);
                json.WriteString("message", events.Message);
                json.WriteEndObject();
                json.Flush();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return packed.GetBuffer().AsSpan(0, (int)packed.Length);
    }
}
