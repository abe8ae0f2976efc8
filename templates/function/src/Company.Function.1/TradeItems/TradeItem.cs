namespace Company.Function._1.TradeItems;

/// <summary>A trade item.</summary>
/// <param name="Id">Who places it chooses it, and chooses the same when they send it again: 1 to 64 characters.</param>
/// <param name="Customer">Whose it is: the caller's sub; null if nobody had to sign in.</param>
/// <param name="Product">1 to 100 characters.</param>
/// <param name="Quantity">1 to 1000.</param>
/// <param name="PlacedAt">When it was placed.</param>
internal sealed partial record TradeItem(string Id, string? Customer, string Product, int Quantity, DateTimeOffset PlacedAt)
{
    private const string Form = "{\"id\": …, \"customer\": …, \"product\": …, \"quantity\": …, \"placedAt\": …}";

    /// <summary>Lets a trade item pass if it is one.</summary>
    /// <exception cref="InvalidTradeItemException">A value is missing or out of bounds.</exception>
    public static TradeItem Check(TradeItem? tradeItem)
    {
        if (tradeItem is null)
            throw new InvalidTradeItemException($"The trade item is null; expected {Form}.");
        var fault =
            tradeItem.Id is not { Length: > 0 and <= 64 } ? $"id has {tradeItem.Id?.Length ?? 0} characters; expected 1 to 64"
            : tradeItem.Customer is { Length: 0 or > 128 } ? $"customer has {tradeItem.Customer.Length} characters; expected 1 to 128, or null"
            : tradeItem.Product is not { Length: > 0 and <= 100 } ? $"product has {tradeItem.Product?.Length ?? 0} characters; expected 1 to 100"
            : tradeItem.Quantity is < 1 or > 1000 ? $"quantity is {tradeItem.Quantity}; expected 1 to 1000"
            : tradeItem.PlacedAt == default ? "placedAt is missing; expected a time, as in 2026-11-22T12:00:00Z"
            : null;
        return fault is null ? tradeItem : throw new InvalidTradeItemException($"The trade item's {fault}.");
    }
}

/// <summary>What was sent is no trade item: sending it again does not help.</summary>
internal sealed class InvalidTradeItemException(string message) : Exception(message);
