using Serverless;

namespace sls_function;

using Functions;
using Orders;

/// <summary>What is served over HTTP: every route with the function behind it, on Lambda and on Kestrel.</summary>
internal static class Api
{
    private const Access Guard = Access.Token;

    /// <summary>The table of routes. serverless.yml says the same to API Gateway; a test holds the two together.</summary>
    /// <param name="orders">Is opened by the first request that needs it.</param>
    public static IReadOnlyList<ApiRoute> Routes(Lazy<OrdersTable> orders) =>
    [
        new("placeOrder", "POST", "/orders", Guard, request => PlaceOrder.Handle(request, orders.Value)),
        new("getOrder", "GET", "/orders/{id}", Guard, request => GetOrder.Handle(request, orders.Value)),
        .. AddedRoutes.All,
    ];
}
