using Amazon.Lambda.CloudWatchLogsEvents;
using Amazon.Lambda.Core;
using Amazon.Runtime;

namespace Company.Forwarder._1;

/// <summary>
/// Ships every line to several destinations, side by side. Each reads the event by itself, because each has limits of its own. What one
/// of them did not take is kept for that one, so that it never comes again to another that took it.
/// </summary>
/// <param name="shippers">The destinations.</param>
/// <param name="output">Where the metrics are written to.</param>
public sealed class LogShippers(IReadOnlyList<(DestinationChoice Choice, LogShipper Shipper)> shippers, Stream output)
{
    /// <summary>Makes what ships to all destinations of this service.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    /// <param name="http">Sends the requests.</param>
    /// <param name="output">Where the metrics are written to: raw standard output.</param>
    /// <param name="shutdown">Is cancelled when Lambda shuts the environment down.</param>
    /// <param name="shipsAll">Whether no log group is left out.</param>
    /// <exception cref="SettingException">A setting is wrong.</exception>
    public static LogShippers Create(Func<string, string?> variable, HttpClient http, Stream output, CancellationToken shutdown, bool shipsAll = false)
    {
        var shared = Stream.Synchronized(output);
        return new([.. DestinationChoice.All.Select(choice => (choice, new LogShipper(choice.ReadSettings(variable, shipsAll), http, shared, shutdown)))], shared);
    }

    /// <summary>
    /// Ships an event. It returns when each destination has every line, or what it does not have is kept for it.
    /// </summary>
    /// <param name="envelope">The event, as CloudWatch Logs hands it to Lambda; or an <see cref="EventForOne"/>, which goes to its destination only.</param>
    /// <param name="context">The invocation.</param>
    /// <param name="failedEvents">Where the lines are kept that a destination does not take. Null: such a line counts as not delivered.</param>
    /// <exception cref="MalformedEventException">The event is not one of CloudWatch Logs, or for a destination that is not one of these; nothing was sent.</exception>
    /// <exception cref="DeliveryException">No destination took a line, so that the event may come again as a whole; or what one did not take could not be kept.</exception>
    public async Task ShipAsync(CloudWatchLogsEvent envelope, ILambdaContext context, FailedEvents? failedEvents = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        var only = (envelope as EventForOne)?.Destination;
        var chosen = shippers.Where(one => only is null || one.Choice.Name == only).ToList();
        if (chosen.Count == 0)
            throw new MalformedEventException($"The record is for the destination {only}, which this service does not ship to; expected one of {string.Join(", ", shippers.Select(one => one.Choice.Name))}.");

        var results = await Task.WhenAll(chosen.Select(one => Task.Run(() => TryShipAsync(one.Choice, one.Shipper, envelope, context, failedEvents?.Of(one.Choice.Name)))));
        var failures = results.OfType<Failure>().ToList();
        if (failures.Count == 0)
            return;

        using var logs = SubscriptionEvent.Read(envelope);
        // Lambda's own retries cannot bring a line twice where none was taken. What is for one destination stays in its record.
        var mayComeAgain = only is not null || failures.Count == chosen.Count && failures.All(failure => failure.Exception.Lines.Count == logs.LineCount);
        if (!mayComeAgain)
        {
            var isKept = await Task.WhenAll(failures.Select(failure => TryKeepAsync(failure, logs, context, failedEvents)));
            failures = [.. failures.Where((_, n) => !isKept[n])];
        }
        if (failures.Count == 0)
            return;

        var exception = new DeliveryException(
            failures.Sum(failure => failure.Exception.Undelivered),
            failures.Sum(failure => failure.Exception.Shipped),
            string.Join("; ", failures.Select(failure => $"{failure.Destination}: {failure.Exception.Reason}")),
            failures.All(failure => failure.Exception.IsStopped));
        context.Logger.LogError("Lines from {LogGroup} were not delivered; the invocation fails, so that Lambda keeps the event: {Reason}", logs.LogGroup, exception.Reason);
        throw exception;
    }

    private static async Task<Failure?> TryShipAsync(DestinationChoice choice, LogShipper shipper, CloudWatchLogsEvent envelope, ILambdaContext context, FailedEvents? failedEvents)
    {
        try
        {
            await shipper.ShipAsync(envelope, context, failedEvents);
            return null;
        }
        catch (DeliveryException e)
        {
            return new Failure(choice, shipper.Destination, e);
        }
    }

    private async Task<bool> TryKeepAsync(Failure failure, SubscriptionEvent logs, ILambdaContext context, FailedEvents? failedEvents)
    {
        if (failedEvents is null)
            return false;
        var (choice, destination, exception) = failure;
        try
        {
            var key = await failedEvents.Of(choice.Name, isUndelivered: true).KeepAsync(logs, exception.Lines, exception.Reason, context);
            context.Logger.LogError("{Count} lines from {LogGroup} that {Destination} did not take are kept for it in the failure destination: {Key}",
                exception.Undelivered, logs.LogGroup, destination, key);
            new Metrics { Kept = exception.Undelivered }.Write(output, context.FunctionName, logs.LogGroup, destination, all: false);
            return true;
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException)
        {
            context.Logger.LogError("{Count} lines that {Destination} did not take could not be kept in the failure destination: {Reason}",
                exception.Undelivered, destination, e.GetType().Name);
            return false;
        }
    }

    private sealed record Failure(DestinationChoice Choice, string Destination, DeliveryException Exception);
}
