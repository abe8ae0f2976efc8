using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Lambda.DynamoDBEvents;
using Serverless;

namespace Company.Function._1.TradeItems;

/// <summary>What has become of every trade item: one item a change, under the trade item's <c>id</c> and the change's <c>sequence</c>.</summary>
internal sealed class TradeItemHistory(IAmazonDynamoDB client, string table) : IDisposable
{
    /// <summary>Opens the table that the setting <c>HISTORY_TABLE</c> names.</summary>
    /// <param name="setting">Gives a setting's text by its name.</param>
    /// <exception cref="SettingException">The setting is missing.</exception>
    public static TradeItemHistory Open(Func<string, string?> setting) => new(DynamoDb.Connect(setting), DynamoDb.TableName(setting, "HISTORY_TABLE"));

    /// <summary>The client of DynamoDB.</summary>
    public IAmazonDynamoDB Client => client;

    /// <summary>Keeps a change. A stream gives every change a number of its own, so the same change kept again is the same item.</summary>
    /// <exception cref="InvalidChangeException">It is no change of a trade item.</exception>
    /// <exception cref="DependencyException">The table cannot be reached.</exception>
    public Task KeepAsync(DynamoDBEvent.DynamodbStreamRecord change, CancellationToken cancellationToken)
    {
        var record = change.Dynamodb;
        if (change.EventName is not ("INSERT" or "MODIFY" or "REMOVE"))
            throw new InvalidChangeException("The change's eventName is another; expected INSERT, MODIFY or REMOVE.");
        if (record?.Keys is null || !record.Keys.TryGetValue("id", out var id) || id.S is not { Length: > 0 })
            throw new InvalidChangeException("The change names no trade item; expected the key id, a text.");
        if (record.SequenceNumber is not { Length: > 0 } sequence)
            throw new InvalidChangeException("The change has no sequence number.");

        // A stream's numbers grow, but not in length: with zeros before them they sort as texts.
        var item = new Dictionary<string, AttributeValue>
        {
            ["id"] = new() { S = id.S },
            ["sequence"] = new() { S = sequence.PadLeft(40, '0') },
            ["change"] = new() { S = change.EventName },
        };
        if (record.OldImage is { Count: > 0 } before)
            item["before"] = Map(before);
        if (record.NewImage is { Count: > 0 } after)
            item["after"] = Map(after);
        return DynamoDb.CallAsync("The trade item history", () => client.PutItemAsync(new PutItemRequest { TableName = table, Item = item }, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private static AttributeValue Map(Dictionary<string, DynamoDBEvent.AttributeValue> values) =>
        new() { M = values.ToDictionary(value => value.Key, value => Convert(value.Value)), IsMSet = true };

    // The event's values and the client's are the same under two names.
    private static AttributeValue Convert(DynamoDBEvent.AttributeValue value) =>
        value switch
        {
            { S: { } text } => new() { S = text },
            { N: { } number } => new() { N = number },
            { BOOL: { } boolean } => new() { BOOL = boolean },
            { M: { } map } => Map(map),
            { L: { } list } => new() { L = [.. list.Select(Convert)], IsLSet = true },
            { SS: { } texts } => new() { SS = texts },
            { NS: { } numbers } => new() { NS = numbers },
            { B: { } bytes } => new() { B = bytes },
            { BS: { } manyBytes } => new() { BS = manyBytes },
            _ => new() { NULL = true },
        };
}

/// <summary>What the stream handed over is no change of a trade item: handing it over again does not help.</summary>
internal sealed class InvalidChangeException(string message) : Exception(message);
