using Serverless;

namespace sls_function.Functions;

using Orders;

/// <summary><c>GET /orders/{id}</c>: an order, for the one who placed it.</summary>
internal static class GetOrder
{
    /// <summary>Answers with the order. That of somebody else is not told from one that does not exist.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, OrdersTable orders)
    {
        var order = await orders.FindAsync(request.PathParameter("id"), request.Cancelled);
        return order is not null && order.Customer == request.Caller?.Sub
            ? ApiResponse.Json(200, OrderBody.From(order), ApiJson.Default.OrderBody)
            : throw new ProblemException(404, "no_such_order", "There is no such order.");
    }
}

/// <summary>An order, as the API shows it.</summary>
internal sealed record OrderBody(string Id, string Product, int Quantity, DateTimeOffset PlacedAt)
{
    /// <summary>From the table.</summary>
    public static OrderBody From(Order order) => new(order.Id, order.Product, order.Quantity, order.PlacedAt);
}
