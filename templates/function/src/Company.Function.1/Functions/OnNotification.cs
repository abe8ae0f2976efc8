using System.Text;
using System.Text.Json.Serialization;
using Amazon.Lambda.Core;
using Amazon.Lambda.SNSEvents;
using Company.Function._1.Orders;
using Serverless;

namespace Company.Function._1.Functions;

/// <summary>
/// Keeps the orders that the topic announces. SNS may deliver a notification twice; an order is kept once, by its id.
/// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
/// </summary>
internal static class OnNotification
{
    /// <summary>Fails if an order could not be kept: Lambda tries the event twice more, then keeps it in the failure destination.</summary>
    public static async Task Handle(SNSEvent notifications, ILambdaContext context, OrdersTable orders)
    {
        var failures = await Records.HandleEachAsync(
            notifications.Records, record => record.Sns.MessageId, (record, time) => HandleAsync(record.Sns, context, orders, time), context);
        failures.ThrowIfAny();
    }

    private static async Task HandleAsync(SNSEvent.SNSMessage notification, ILambdaContext context, OrdersTable orders, CancellationToken time)
    {
        var order = Order.Read(Encoding.UTF8.GetBytes(notification.Message ?? ""));
        var isNew = await orders.PlaceAsync(order, time);
        context.Logger.LogInformation("Order {OrderId} of notification {MessageId} {Outcome}", order.Id, notification.MessageId, isNew ? "is kept" : "was kept before");
    }
}

[JsonSerializable(typeof(SNSEvent))]
internal sealed partial class NotificationJson : JsonSerializerContext;
