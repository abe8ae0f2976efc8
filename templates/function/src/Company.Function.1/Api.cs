using Serverless;

namespace Company.Function._1;

using Functions;
using TradeItems;

/// <summary>What is served over HTTP: every route with the function behind it, on Lambda and on Kestrel.</summary>
internal static class Api
{
#if (authNone)
    private const Access Guard = Access.Anyone;
#elif (authIam)
    private const Access Guard = Access.Iam;
#else
    private const Access Guard = Access.Token;
#endif

    /// <summary>The table of routes. serverless.yml says the same to API Gateway; a test holds the two together.</summary>
    /// <param name="tradeItems">Is opened by the first request that needs it.</param>
    public static IReadOnlyList<ApiRoute> Routes(Lazy<TradeItemsTable> tradeItems) =>
    [
        new("placeTradeItem", "POST", "/trade-items", Guard, request => PlaceTradeItem.Handle(request, tradeItems.Value)),
        new("getTradeItem", "GET", "/trade-items/{id}", Guard, request => GetTradeItem.Handle(request, tradeItems.Value)),
        .. AddedRoutes.All,
    ];
}
