using System.Text.Json.Serialization;
using Amazon.Lambda.CloudWatchEvents.ScheduledEvents;
using Amazon.Lambda.Core;

namespace Company.Function._1.Functions;

using TradeItems;

/// <summary>
/// Ends the trade items that nobody has taken up for a day. A schedule may come due twice; a trade item ends once, since only one that is
/// still waiting does. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
/// </summary>
internal static class ExpireTradeItems
{
    private static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    // What is left to fail in, and be tried again, when time runs out.
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(1);

    /// <summary>Fails if the table does not answer or time runs out. What was not done then, the next run does.</summary>
    public static async Task Handle(ScheduledEvent due, ILambdaContext context, TradeItemsTable tradeItems)
    {
        if (due.Time == default)
            throw new InvalidDataException("The event has no time; expected that of a schedule.");

        var expired = 0;
        using var time = new CancellationTokenSource(context.RemainingTime > Reserve ? context.RemainingTime - Reserve : TimeSpan.Zero);
        try
        {
            // By the time that was due, not the clock's: a run that is tried again looks at the same trade items.
            await foreach (var id in tradeItems.PlacedBeforeAsync(new DateTimeOffset(due.Time.ToUniversalTime()) - Patience, time.Token))
            {
                if (await tradeItems.ExpireAsync(id, time.Token))
                    expired++;
            }
        }
        finally
        {
            context.Logger.LogInformation("{Expired} trade items have expired, by the schedule of {Due}", expired, due.Time);
        }
    }
}

[JsonSerializable(typeof(ScheduledEvent))]
internal sealed partial class ScheduleJson : JsonSerializerContext;
