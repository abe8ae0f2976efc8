using Amazon.Lambda.CloudWatchEvents.ScheduledEvents;
using Amazon.Lambda.Core;

namespace Company.Function._1.Host;

using Functions;
using TradeItems;

/// <summary>The service as a Job: the same function and trade items as on Lambda, run once.</summary>
internal static class HostedSchedule
{
    /// <summary>The function's time, as in serverless.yml.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Runs the function for the time that was due.</summary>
    /// <exception cref="SettingException">A setting is missing or not of the form expected.</exception>
    public static async Task RunAsync(Func<string, string?> setting, DateTimeOffset due, ILambdaContext context)
    {
        using var tradeItems = TradeItemsTable.Open(setting);
        await ExpireTradeItems.Handle(new ScheduledEvent { Time = due.UtcDateTime }, context, tradeItems);
    }
}
