using System.Diagnostics;
using Amazon.Lambda.CloudWatchLogsEvents;
using Amazon.Lambda.Core;
using Amazon.Runtime;

namespace sls_forwarder;

/// <summary>Ships an event's lines: reads, enriches and writes them in batches, and sends each batch before it reads on.</summary>
/// <param name="settings">What to ship, where and how.</param>
/// <param name="http">Sends the requests. Its own timeout must be off.</param>
/// <param name="output">Where the metrics are written to: raw standard output.</param>
/// <param name="shutdown">Is cancelled when Lambda shuts the environment down.</param>
public sealed class LogShipper(Settings settings, HttpClient http, Stream output, CancellationToken shutdown = default)
{
    // More than any line can have: a line is 1 MB at most, a part some 100 KB at least.
    private const int MostParts = 9_999;

    // About as many as a destination writes for a line beside its text and what is the same for all lines: its ids, its level, its time.
    private const int BytesOfFields = 256;

    /// <summary>Ships an event. It returns when the destination has every line, or refuses it for good and the line is kept.</summary>
    /// <param name="envelope">The event, as CloudWatch Logs hands it to Lambda.</param>
    /// <param name="context">The invocation.</param>
    /// <param name="failedEvents">Where the lines are kept that the destination refuses for good. Null: such a line counts as not delivered.</param>
    /// <exception cref="MalformedEventException">The event is not one of CloudWatch Logs; nothing was sent.</exception>
    /// <exception cref="DeliveryException">Some lines were not delivered; the others were.</exception>
    public async Task ShipAsync(CloudWatchLogsEvent envelope, ILambdaContext context, FailedEvents? failedEvents = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        var started = Stopwatch.GetTimestamp();
        var deadline = new Deadline(context.RemainingTime - settings.Rules.Margin, shutdown);
        using var logs = SubscriptionEvent.Read(envelope);

        // Without a word: what it wrote now would come back as the next event.
        if (logs.LogGroup == settings.OwnLogGroup)
            return;
        // The account's policy brings the same lines.
        if (settings.Policy.Covers(logs.LogGroup) && !logs.IsOfAccountPolicy)
            return;
        if (logs.IsControlMessage)
        {
            if (settings.LogsDeliveries)
                context.Logger.LogInformation("CloudWatch Logs has checked that the forwarder can be reached.");
            return;
        }

        var metrics = new Metrics { Received = logs.LineCount };
        var source = LogSource.Of(logs, settings.Region, settings.Stage, settings.StaticFields);
        using var sender = new BatchSender(http, settings.Destination, settings.Credentials, settings.Rules, source, deadline, context.Logger);
        var limits = settings.Destination.Limits.Within(sender.Envelope);
        var isKept = false;
        try
        {
            await ShipAsync(logs, source, sender, limits, metrics);
            isKept = sender.Refused.Count > 0 && await KeepRefusedAsync(logs, sender, context, failedEvents);
        }
        finally
        {
            metrics.Shipped = sender.Shipped;
            metrics.Refused = isKept ? sender.Refused.Count : 0;
            metrics.Failed = metrics.Received - metrics.Filtered - metrics.Shipped - metrics.Refused;
            metrics.Retried = sender.Retried;
            metrics.Bytes = sender.Bytes;
            metrics.Duration = Stopwatch.GetElapsedTime(started);
            metrics.Write(output, context.FunctionName, logs.LogGroup, settings.Destination.Name, settings.ReportsMetrics);
        }

        if (metrics.Late > 0)
            context.Logger.LogWarning("{Late} lines from {LogGroup} are older than {Destination} takes ({Hours} hours). They are sent without their time, and get the time of their arrival; logged_at has their own.",
                metrics.Late, logs.LogGroup, settings.Destination.Name, settings.Destination.OldestLine!.Value.TotalHours);
        if (metrics.Failed > 0)
        {
            var reason = sender.Failure ?? (sender.Refusal is null ? "they were not sent" : $"the destination refuses them for good ({sender.Refusal})");
            var failure = new DeliveryException(metrics.Failed, metrics.Shipped, reason, sender.IsStopped);
            context.Logger.LogError("{Failed} of {Lines} lines from {LogGroup} were not delivered to {Destination}; the invocation fails, so that Lambda keeps the event: {Reason}",
                failure.Undelivered, failure.Undelivered + failure.Shipped, logs.LogGroup, settings.Destination.Name, failure.Reason);
            throw failure;
        }
        if (settings.LogsDeliveries)
            context.Logger.LogInformation("Shipped {Shipped} of {Received} lines from {LogGroup} to {Destination}.",
                metrics.Shipped, metrics.Received, logs.LogGroup, settings.Destination.Name);
    }

    private long OldestTime() =>
        settings.Destination.OldestLine is { } age ? (settings.Clock.GetUtcNow() - age).ToUnixTimeMilliseconds() : long.MinValue;

    private async Task ShipAsync(SubscriptionEvent logs, LogSource source, BatchSender sender, BatchLimits limits, Metrics metrics)
    {
        var description = settings.Destination.Describe(source);
        using var lines = new LineReader(logs, source, settings.Patterns.For(logs.LogGroup), settings.KeepPlatformLines, OldestTime());
        using var batch = new Batch(limits, logs.KeptBytes + (long)logs.LineCount * (description.Length + BytesOfFields));
        bool hasMore;
        do
        {
            hasMore = Fill(batch, lines, description, limits, metrics);
            (metrics.Filtered, metrics.Late) = (lines.Filtered, lines.Late);
            if (batch.Count > 0)
                await sender.SendAsync(batch);
            batch.Clear();
        }
        while (hasMore && !sender.IsStopped);
    }

    // Until the batch is full, or there is no line left.
    private bool Fill(Batch batch, LineReader lines, byte[] description, BatchLimits limits, Metrics metrics)
    {
        while (!batch.IsFull)
        {
            if (!lines.Read(out var line))
                return false;
            settings.Destination.Write(batch, line, description);
            if (batch.EntryLength <= limits.EntryBytes)
                batch.EndEntry(lines.Index);
            else
            {
                batch.DropEntry();
                WriteParts(batch, line, lines.Index, description, limits);
                metrics.Split++;
            }
        }
        return true;
    }

    // Each part ends at the end of a character, and says which of how many it is.
    private void WriteParts(Batch batch, in LogLine line, int index, byte[] description, BatchLimits limits)
    {
        settings.Destination.Write(batch, line.PartOf(default, MostParts, MostParts), description);
        var room = limits.EntryBytes - batch.EntryLength;
        batch.DropEntry();

        var parts = 0;
        for (var rest = line.Text; rest.Length > 0; rest = rest[JsonString.Fit(rest, room)..])
            parts++;
        var text = line.Text;
        for (var part = 1; part <= parts; part++)
        {
            var length = JsonString.Fit(text, room);
            settings.Destination.Write(batch, line.PartOf(text[..length], part, parts), description);
            batch.EndEntry(index, isLast: part == parts);
            text = text[length..];
        }
    }

    // Returns whether they are kept; if they are not, they count as not delivered.
    private async Task<bool> KeepRefusedAsync(SubscriptionEvent logs, BatchSender sender, ILambdaContext context, FailedEvents? failedEvents)
    {
        if (failedEvents is null)
            return false;
        try
        {
            var key = await failedEvents.KeepAsync(logs, sender.Refused, $"{settings.Destination.Name} refuses them: {sender.Refusal}", context);
            context.Logger.LogError("{Destination} refuses {Count} lines from {LogGroup} for good ({Reason}). They are kept in the failure destination: {Key}",
                settings.Destination.Name, sender.Refused.Count, logs.LogGroup, sender.Refusal, key);
            return true;
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException)
        {
            context.Logger.LogError("{Count} lines that {Destination} refuses for good could not be kept in the failure destination: {Reason}",
                sender.Refused.Count, settings.Destination.Name, e.GetType().Name);
            return false;
        }
    }
}
