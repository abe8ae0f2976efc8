using sls_function.Orders;
using Serverless;

namespace sls_function.Functions;

/// <summary><c>POST /orders</c>: places an order, which is then the caller's.</summary>
internal static class PlaceOrder
{
    /// <summary>Answers 201 with the order.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, OrdersTable orders)
    {
        var body = request.ReadJson(ApiJson.Default.NewOrder, "{\"product\": \"<1 to 100 characters>\", \"quantity\": <1 to 1000>}");
        Order order;
        try
        {
            order = Order.Check(new Order(Guid.CreateVersion7().ToString(), request.Caller?.Sub, body.Product.Trim(), body.Quantity, DateTimeOffset.UtcNow));
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
