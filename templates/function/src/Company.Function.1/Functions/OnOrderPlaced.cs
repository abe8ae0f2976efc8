using System.Text.Json.Serialization;
using Amazon.Lambda.CloudWatchEvents;
using Amazon.Lambda.Core;
using Company.Function._1.Orders;

namespace Company.Function._1.Functions;

/// <summary>
/// Keeps the orders that the event bus tells of. EventBridge may deliver an event twice; an order is kept once, by its id.
/// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-delivery.html
/// </summary>
internal static class OnOrderPlaced
{
    /// <summary>Fails if the order could not be kept: Lambda tries the event twice more, then keeps it in the failure destination.</summary>
    public static async Task Handle(CloudWatchEvent<Order> placed, ILambdaContext context, OrdersTable orders)
    {
        using var time = new CancellationTokenSource(context.RemainingTime);
        var order = Order.Check(placed.Detail);
        var isNew = await orders.PlaceAsync(order, time.Token);
        context.Logger.LogInformation("Order {OrderId} of event {EventId} from {Source} {Outcome}", order.Id, placed.Id, placed.Source, isNew ? "is kept" : "was kept before");
    }
}

[JsonSerializable(typeof(CloudWatchEvent<Order>))]
internal sealed partial class OrderPlacedJson : JsonSerializerContext;
