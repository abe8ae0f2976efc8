using Serverless;

namespace sls_function.Functions;

using Orders;

/// <summary><c>POST /orders</c>: places an order, which is then the caller's.</summary>
internal static class PlaceOrder
{
    /// <summary>Answers 201 with the order.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, OrdersTable orders)
    {
        var body = request.ReadJson(ApiJson.Default.NewOrder, "{\"product\": \"<1 to 100 characters>\", \"quantity\": <1 to 1000>}");
        // The table keeps milliseconds: what is answered now is what a later request reads.
        var placedAt = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        Order order;
        try
        {
            order = Order.Check(new Order(Guid.CreateVersion7().ToString(), request.Caller?.Sub, body.Product.Trim(), body.Quantity, placedAt));
        }
        catch (InvalidOrderException exception)
        {
            throw new ProblemException(400, "invalid_order", exception.Message);
        }

        await orders.PlaceAsync(order, request.Cancelled);
        return new ApiResponse(201)
        {
            ContentType = "application/json",
            Body = ApiResponse.Json(201, OrderBody.From(order), ApiJson.Default.OrderBody).Body,
            Headers = { ["Location"] = $"/orders/{order.Id}" },
        };
    }
}

/// <summary>What is asked for.</summary>
internal sealed record NewOrder(string Product, int Quantity);
