using System.Buffers;
using System.Diagnostics;
using System.Text;
using Amazon.Lambda.Core;

namespace sls_forwarder;

/// <summary>Ships an event's lines: reads, enriches and writes them in batches, and sends each batch before it reads on.</summary>
/// <param name="settings">What to ship, where and how.</param>
/// <param name="http">Sends the requests. Its own timeout must be off.</param>
/// <param name="output">Where the metrics are written to: raw standard output.</param>
public sealed class LogShipper(Settings settings, HttpClient http, Stream output)
{
    /// <summary>Ships an event. It returns when the destination has every line.</summary>
    /// <param name="payload">The event, as CloudWatch Logs hands it to Lambda. It is overwritten.</param>
    /// <param name="context">The invocation.</param>
    /// <exception cref="MalformedEventException">The event is not one of CloudWatch Logs; nothing was sent.</exception>
    /// <exception cref="DeliveryException">Some lines were not delivered; the others were.</exception>
    public async Task ShipAsync(Memory<byte> payload, ILambdaContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var started = Stopwatch.GetTimestamp();
        var deadline = new Deadline(context.RemainingTime - settings.Rules.Margin);

        SubscriptionEvent logs;
        try
        {
            logs = SubscriptionEvent.Read(payload);
        }
        catch (MalformedEventException e)
        {
            context.Logger.LogError("Malformed event of {Bytes} bytes: {Reason}", payload.Length, e.Message);
            throw;
        }

        // Without a word: what it wrote now would come back as the next event.
        if (logs.LogGroup == settings.OwnLogGroup)
            return;
        if (logs.IsControlMessage)
        {
            context.Logger.LogInformation("CloudWatch Logs has checked that the forwarder can be reached.");
            return;
        }

        var metrics = new Metrics { Received = logs.LineCount };
        var source = LogSource.Of(logs, settings.Region, settings.Stage);
        using var sender = new BatchSender(http, settings.Destination, settings.Credentials, settings.Rules, source, deadline, context.Logger);
        try
        {
            await ShipAsync(logs, source, sender, metrics);
        }
        finally
        {
            metrics.Shipped = sender.Shipped;
            metrics.Failed = metrics.Received - metrics.Filtered - metrics.Shipped;
            metrics.Retried = sender.Retried;
            metrics.Bytes = sender.Bytes;
            metrics.Duration = Stopwatch.GetElapsedTime(started);
            metrics.Write(output, context.FunctionName, logs.LogGroup, settings.Destination.Name);
        }

        if (metrics.Failed > 0)
        {
            var failure = new DeliveryException(metrics.Failed, metrics.Shipped, sender.Failure ?? "they were not sent", sender.IsStopped);
            context.Logger.LogError("{Failed} of {Lines} lines from {LogGroup} were not delivered to {Destination}; the invocation fails, so that Lambda keeps the event: {Reason}",
                failure.Undelivered, failure.Undelivered + failure.Shipped, logs.LogGroup, settings.Destination.Name, failure.Reason);
            throw failure;
        }
        context.Logger.LogInformation("Shipped {Shipped} of {Received} lines from {LogGroup} to {Destination}.",
            metrics.Shipped, metrics.Received, logs.LogGroup, settings.Destination.Name);
    }

    private async Task ShipAsync(SubscriptionEvent logs, LogSource source, BatchSender sender, Metrics metrics)
    {
        var description = settings.Destination.Describe(source);
        using var lines = new LineReader(logs, source, settings.Patterns, settings.KeepPlatformLines);
        using var batch = new Batch(settings.Destination.Limits);
        bool hasMore;
        do
        {
            hasMore = Fill(batch, lines, description, metrics);
            metrics.Filtered = lines.Filtered;
            if (batch.Count > 0)
                await sender.SendAsync(batch);
            batch.Clear();
        }
        while (hasMore && !sender.IsStopped);
    }

    // Until the batch is full, or there is no line left.
    private bool Fill(Batch batch, LineReader lines, byte[] description, Metrics metrics)
    {
        while (!batch.IsFull)
        {
            if (!lines.Read(out var line))
                return false;
            settings.Destination.Write(batch, line, description);
            if (batch.EntryLength > settings.Destination.Limits.EntryBytes)
            {
                batch.DropEntry();
                WriteCut(batch, line, description);
                metrics.Truncated++;
            }
            batch.EndEntry();
        }
        return true;
    }

    // Cut at the end of a character, with a mark that says how much is missing. A cut JSON object is none, so it ships as text.
    private void WriteCut(Batch batch, in LogLine line, byte[] description)
    {
        const int longestMark = 32;
        settings.Destination.Write(batch, As(line, default), description);
        var room = settings.Destination.Limits.EntryBytes - batch.EntryLength - longestMark;
        batch.DropEntry();

        var kept = JsonString.Fit(line.Text, room);
        var text = ArrayPool<byte>.Shared.Rent(kept + longestMark);
        line.Text[..kept].CopyTo(text);
        var mark = Encoding.UTF8.GetBytes($" [cut: {line.Text.Length - kept} bytes]", text.AsSpan(kept));
        settings.Destination.Write(batch, As(line, text.AsSpan(0, kept + mark)), description);
        ArrayPool<byte>.Shared.Return(text);
    }

    private static LogLine As(in LogLine line, ReadOnlySpan<byte> text) => new()
    {
        Text = text,
        EventId = line.EventId,
        Timestamp = line.Timestamp,
        Level = line.Level,
        RequestId = line.RequestId,
        TraceId = line.TraceId,
    };
}
