using System.Text;
using System.Text.Json.Serialization;
using Amazon.Lambda.Core;
using Amazon.Lambda.SNSEvents;
using Serverless;

namespace Company.Function._1.Functions;

using TradeItems;

/// <summary>
/// Keeps the trade items that the topic announces. SNS may deliver a notification twice; a trade item is kept once, by its id.
/// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
/// </summary>
internal static class OnNotification
{
    /// <summary>Fails if a trade item could not be kept: Lambda tries the event twice more, then keeps it in the failure destination.</summary>
    public static async Task Handle(SNSEvent notifications, ILambdaContext context, TradeItemsTable tradeItems)
    {
        var failures = await Records.HandleEachAsync(
            notifications.Records, record => record.Sns.MessageId, (record, time) => HandleAsync(record.Sns, context, tradeItems, time), context);
        failures.ThrowIfAny();
    }

    private static async Task HandleAsync(SNSEvent.SNSMessage notification, ILambdaContext context, TradeItemsTable tradeItems, CancellationToken time)
    {
        var tradeItem = TradeItem.Read(Encoding.UTF8.GetBytes(notification.Message ?? ""));
        var isNew = await tradeItems.PlaceAsync(tradeItem, time);
        context.Logger.LogInformation("Trade item {TradeItemId} of notification {MessageId} {Outcome}", tradeItem.Id, notification.MessageId, isNew ? "is kept" : "was kept before");
    }
}

[JsonSerializable(typeof(SNSEvent))]
internal sealed partial class NotificationJson : JsonSerializerContext;
