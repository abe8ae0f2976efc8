namespace sls_function.Orders;

/// <summary>An order.</summary>
/// <param name="Id">Who places it chooses it, and chooses the same when they send it again: 1 to 64 characters.</param>
/// <param name="Customer">Whose it is: the caller's sub; null if nobody had to sign in.</param>
/// <param name="Product">1 to 100 characters.</param>
/// <param name="Quantity">1 to 1000.</param>
/// <param name="PlacedAt">When it was placed.</param>
internal sealed partial record Order(string Id, string? Customer, string Product, int Quantity, DateTimeOffset PlacedAt)
{
    private const string Form = "{\"id\": …, \"customer\": …, \"product\": …, \"quantity\": …, \"placedAt\": …}";

    /// <summary>Lets an order pass if it is one.</summary>
    /// <exception cref="InvalidOrderException">A value is missing or out of bounds.</exception>
    public static Order Check(Order? order)
    {
        if (order is null)
            throw new InvalidOrderException($"The order is null; expected {Form}.");
        var fault =
            order.Id is not { Length: > 0 and <= 64 } ? $"id has {order.Id?.Length ?? 0} characters; expected 1 to 64"
            : order.Customer is { Length: 0 or > 128 } ? $"customer has {order.Customer.Length} characters; expected 1 to 128, or null"
            : order.Product is not { Length: > 0 and <= 100 } ? $"product has {order.Product?.Length ?? 0} characters; expected 1 to 100"
            : order.Quantity is < 1 or > 1000 ? $"quantity is {order.Quantity}; expected 1 to 1000"
            : order.PlacedAt == default ? "placedAt is missing; expected a time, as in 2026-11-22T12:00:00Z"
            : null;
        return fault is null ? order : throw new InvalidOrderException($"The order's {fault}.");
    }
}

/// <summary>What was sent is no order: sending it again does not help.</summary>
internal sealed class InvalidOrderException(string message) : Exception(message);
