using Serverless;

namespace Company.Function._1.Functions;

using TradeItems;

/// <summary><c>GET /trade-items/{id}</c>: a trade item, for the one who placed it.</summary>
internal static class GetTradeItem
{
    /// <summary>Answers with the trade item. That of somebody else is not told from one that does not exist.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, TradeItemsTable tradeItems)
    {
        var tradeItem = await tradeItems.FindAsync(request.PathParameter("id"), request.Cancelled);
        return tradeItem is not null && tradeItem.Customer == request.Caller?.Sub
            ? ApiResponse.Json(200, TradeItemBody.From(tradeItem), ApiJson.Default.TradeItemBody)
            : throw new ProblemException(404, "no_such_trade_item", "There is no such trade item.");
    }
}

/// <summary>A trade item, as the API shows it.</summary>
internal sealed record TradeItemBody(string Id, string Product, int Quantity, DateTimeOffset PlacedAt)
{
    /// <summary>From the table.</summary>
    public static TradeItemBody From(TradeItem tradeItem) => new(tradeItem.Id, tradeItem.Product, tradeItem.Quantity, tradeItem.PlacedAt);
}
