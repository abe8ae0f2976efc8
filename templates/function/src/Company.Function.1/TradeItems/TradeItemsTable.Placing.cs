using System.Globalization;
using Amazon.DynamoDBv2.Model;
using Serverless;

namespace Company.Function._1.TradeItems;

internal sealed partial class TradeItemsTable
{
    /// <summary>Keeps a trade item, once: the same trade item placed again changes nothing.</summary>
    /// <returns>Whether it was not there yet.</returns>
    /// <exception cref="TradeItemConflictException">Another trade item has the same id.</exception>
    /// <exception cref="DependencyException">The table cannot be reached.</exception>
    public async Task<bool> PlaceAsync(TradeItem tradeItem, CancellationToken cancellationToken)
    {
        var item = new Dictionary<string, AttributeValue>
        {
            ["id"] = new() { S = tradeItem.Id },
            ["product"] = new() { S = tradeItem.Product },
            ["quantity"] = new() { N = tradeItem.Quantity.ToString(CultureInfo.InvariantCulture) },
            ["placedAt"] = new() { S = Time(tradeItem.PlacedAt) },
            ["status"] = new() { S = "placed" },
        };
        if (tradeItem.Customer is not null)
            item["customer"] = new() { S = tradeItem.Customer };

        try
        {
            // The condition makes it happen once, even when the trade item is delivered twice at the same time.
            await DynamoDb.CallAsync(
                "The trade items table",
                () => client.PutItemAsync(
                    new PutItemRequest { TableName = table, Item = item, ConditionExpression = "attribute_not_exists(id)" }, cancellationToken),
                cancellationToken);
            return true;
        }
        catch (ConditionalCheckFailedException)
        {
            return await FindAsync(tradeItem.Id, cancellationToken) == tradeItem with { PlacedAt = Read(Time(tradeItem.PlacedAt)) }
                ? false
                : throw new TradeItemConflictException(tradeItem.Id);
        }
    }

    /// <summary>Finds a trade item.</summary>
    /// <returns>The trade item, or null if there is none of that id.</returns>
    /// <exception cref="DependencyException">The table cannot be reached.</exception>
    public async Task<TradeItem?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var response = await DynamoDb.CallAsync(
            "The trade items table",
            () => client.GetItemAsync(
                new GetItemRequest { TableName = table, Key = new() { ["id"] = new() { S = id } }, ConsistentRead = true }, cancellationToken),
            cancellationToken);
        return response.Item is { Count: > 0 } item
            ? new TradeItem(
                item["id"].S,
                item.GetValueOrDefault("customer")?.S,
                item["product"].S,
                int.Parse(item["quantity"].N, CultureInfo.InvariantCulture),
                Read(item["placedAt"].S))
            : null;
    }

    private static DateTimeOffset Read(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}

/// <summary>Two trade items have the same id.</summary>
internal sealed class TradeItemConflictException(string id) : Exception($"Another trade item has the id {id}; expected one of its own for every trade item.");
