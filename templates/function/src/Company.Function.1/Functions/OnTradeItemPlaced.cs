using System.Text.Json.Serialization;
using Amazon.Lambda.CloudWatchEvents;
using Amazon.Lambda.Core;

namespace Company.Function._1.Functions;

using TradeItems;

/// <summary>
/// Keeps the trade items that the event bus tells of. EventBridge may deliver an event twice; a trade item is kept once, by its id.
/// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-delivery.html
/// </summary>
internal static class OnTradeItemPlaced
{
    /// <summary>Fails if the trade item could not be kept: Lambda tries the event twice more, then keeps it in the failure destination.</summary>
    public static async Task Handle(TradeItemPlaced placed, ILambdaContext context, TradeItemsTable tradeItems)
    {
        using var time = new CancellationTokenSource(context.RemainingTime);
        var tradeItem = TradeItem.Check(placed.Detail);
        var isNew = await tradeItems.PlaceAsync(tradeItem, time.Token);
        context.Logger.LogInformation("Trade item {TradeItemId} of event {EventId} from {Source} {Outcome}", tradeItem.Id, placed.Id, placed.Source, isNew ? "is kept" : "was kept before");
    }
}

/// <summary>An event of the bus, with <see cref="TradeItem"/> as its detail.</summary>
internal sealed class TradeItemPlaced : CloudWatchEvent<TradeItem>;

[JsonSerializable(typeof(TradeItemPlaced))]
internal sealed partial class TradeItemPlacedJson : JsonSerializerContext;
