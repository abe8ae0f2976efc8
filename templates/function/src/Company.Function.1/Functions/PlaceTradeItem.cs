using Serverless;

namespace Company.Function._1.Functions;

using TradeItems;

/// <summary><c>POST /trade-items</c>: places a trade item, which is then the caller's.</summary>
internal static class PlaceTradeItem
{
    /// <summary>Answers 201 with the trade item.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, TradeItemsTable tradeItems)
    {
        var body = request.ReadJson(ApiJson.Default.NewTradeItem, "{\"product\": \"<1 to 100 characters>\", \"quantity\": <1 to 1000>}");
        // The table keeps milliseconds: what is answered now is what a later request reads.
        var placedAt = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        TradeItem tradeItem;
        try
        {
            tradeItem = TradeItem.Check(new TradeItem(Guid.CreateVersion7().ToString(), request.Caller?.Sub, body.Product.Trim(), body.Quantity, placedAt));
        }
        catch (InvalidTradeItemException exception)
        {
            throw new ProblemException(400, "invalid_trade_item", exception.Message);
        }

        await tradeItems.PlaceAsync(tradeItem, request.Cancelled);
        return new ApiResponse(201)
        {
            ContentType = "application/json",
            Body = ApiResponse.Json(201, TradeItemBody.From(tradeItem), ApiJson.Default.TradeItemBody).Body,
            Headers = { ["Location"] = $"/trade-items/{tradeItem.Id}" },
        };
    }
}

/// <summary>What is asked for.</summary>
internal sealed record NewTradeItem(string Product, int Quantity);
