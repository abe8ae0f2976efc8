using System.Globalization;
using Amazon.DynamoDBv2.Model;
using Serverless;

namespace sls_function.Orders;

internal sealed partial class OrdersTable
{
    /// <summary>Keeps an order, once: the same order placed again changes nothing.</summary>
    /// <returns>Whether it was not there yet.</returns>
    /// <exception cref="OrderConflictException">Another order has the same id.</exception>
    /// <exception cref="DependencyException">The table cannot be reached.</exception>
    public async Task<bool> PlaceAsync(Order order, CancellationToken cancellationToken)
    {
        var item = new Dictionary<string, AttributeValue>
        {
            ["id"] = new() { S = order.Id },
            ["product"] = new() { S = order.Product },
            ["quantity"] = new() { N = order.Quantity.ToString(CultureInfo.InvariantCulture) },
            ["placedAt"] = new() { S = Time(order.PlacedAt) },
            ["status"] = new() { S = "placed" },
        };
        if (order.Customer is not null)
            item["customer"] = new() { S = order.Customer };

        try
        {
            // The condition makes it happen once, even when the order is delivered twice at the same time.
            await DynamoDb.CallAsync(
                "The orders table",
                () => client.PutItemAsync(
                    new PutItemRequest { TableName = table, Item = item, ConditionExpression = "attribute_not_exists(id)" }, cancellationToken),
                cancellationToken);
            return true;
        }
        catch (ConditionalCheckFailedException)
        {
            return await FindAsync(order.Id, cancellationToken) == order with { PlacedAt = Read(Time(order.PlacedAt)) }
                ? false
                : throw new OrderConflictException(order.Id);
        }
    }

    /// <summary>Finds an order.</summary>
    /// <returns>The order, or null if there is none of that id.</returns>
    /// <exception cref="DependencyException">The table cannot be reached.</exception>
    public async Task<Order?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var response = await DynamoDb.CallAsync(
            "The orders table",
            () => client.GetItemAsync(
                new GetItemRequest { TableName = table, Key = new() { ["id"] = new() { S = id } }, ConsistentRead = true }, cancellationToken),
            cancellationToken);
        return response.Item is { Count: > 0 } item
            ? new Order(
                item["id"].S,
                item.GetValueOrDefault("customer")?.S,
                item["product"].S,
                int.Parse(item["quantity"].N, CultureInfo.InvariantCulture),
                Read(item["placedAt"].S))
            : null;
    }

    private static DateTimeOffset Read(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}

/// <summary>Two orders have the same id.</summary>
internal sealed class OrderConflictException(string id) : Exception($"Another order has the id {id}; expected one of its own for every order.");
